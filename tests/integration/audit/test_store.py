"""The log on a real PostgreSQL: order without gaps, once per event id, tenants apart, nothing changed or deleted.

Leaves out what is accepted (tests/unit/audit) and the server around it (test_server.py).
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from paaskit.db import Database
from paaskit.errors import InvalidInput
from services.audit.event import Event
from services.audit.leaves import leaf_hash
from services.audit.reading import _SELECT, _List
from services.audit.selection import Selection
from services.audit.store import Store
from tests.fakes.audit_log import newest, oldest, report_of
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import few_at_once

NOW = datetime(2026, 5, 4, 13, 43, 1, 234567, tzinfo=UTC)
ALL = Selection()
_OLD_EVENT = """
    INSERT INTO events (tenant, sequence, event_id, occurred_at, recorded_at, action, actor, on_behalf_of, app, targets,
        version, outcome, request_id, client_address, service, leaf_hash)
    VALUES ('acme', %s, %s, %s, %s, 'config.set', 'user:ada@example.com', '', 'web', '{LOG_LEVEL}', 7, 1, '', '',
        'config', %s)"""


async def test_what_is_appended_is_read_back(store: Store) -> None:
    report = report_of(
        targets=('quote"', "back\\slash", "{brace}", "comma,", "naïve •", "null"),
        version=2**62,
        on_behalf_of="user:grace",
        request_id="req-12345678",
        client_address="2001:db8::1",
        token_id="t1",
        maker="user:naïve •",
        target_tokens=tuple((f"t{number}", 'quote" {brace},' if number else "") for number in range(6)),
        repeats=2**62,
        repeats_seconds=10,
        reason='a "quoted" {brace}, naïve • <b>',
    )
    await store.append([report, report_of(targets=())], service="config", now=NOW)
    newest_one, oldest_one = await newest(store, "acme", ALL, limit=10)
    assert oldest_one.report == report
    assert (oldest_one.sequence, oldest_one.recorded_at, oldest_one.service) == (1, NOW, "config")
    assert newest_one.report.targets == ()


async def test_leaf_hash_is_of_what_is_read_back(store: Store, databases: Databases) -> None:
    await store.append([report_of() for _ in range(5)], service="config", now=NOW)
    stored = databases.look("audit", "SELECT sequence, leaf_hash FROM events ORDER BY sequence")
    events = await oldest(store, "acme", ALL, after=0, limit=10)
    assert [(event.sequence, leaf_hash(event)) for event in events] == stored


async def test_events_of_before_are_read_and_verify_beside_new_ones(databases: Databases) -> None:
    """Their rows got the defaults of new columns: the leaf is still of what it was of."""
    with databases.earlier("audit", revision="0001") as earlier:
        old = [
            Event(report=report_of(event_id="e1", app_id=""), sequence=1, recorded_at=NOW, service="config"),
            Event(report=report_of(event_id="e2"), sequence=2, recorded_at=NOW, service="config"),
        ]
        hashes = [leaf_hash(replace(event, leaf_format=number)) for number, event in enumerate(old, start=1)]
        for event, leaf in zip(old, hashes, strict=True):
            report = event.report
            earlier.look(_OLD_EVENT, (event.sequence, report.event_id, report.occurred_at, NOW, leaf))
        earlier.upgrade("0002")
        earlier.look("UPDATE events SET app_id = 'a1', leaf_format = 2 WHERE sequence = 2")
        earlier.upgrade()
        async with earlier.open() as database:
            store = Store(database)
            await store.append([report_of(token_id="t1", maker="user:ada")], service="config", now=NOW)
            events = await oldest(store, "acme", ALL, after=0, limit=10)
        assert [leaf_hash(event) for event in events][:2] == hashes
        assert [event.leaf_format for event in events] == [1, 2, 4]
        assert [event.report.token_id for event in events] == ["", "", "t1"]


async def test_order_of_arrival_is_kept_and_ids_count_once(store: Store) -> None:
    first = [report_of(event_id=f"event-{number}") for number in range(10)]
    await store.append(first, service="config", now=NOW)
    again = [*first[3:], report_of(event_id="new"), report_of(event_id="new"), report_of(event_id="newer")]
    await store.append(again, service="config", now=NOW)
    events = await oldest(store, "acme", ALL, after=0, limit=100)
    assert [event.report.event_id for event in events] == [*(f"event-{n}" for n in range(10)), "new", "newer"]
    assert [event.sequence for event in events] == list(range(1, 13))


async def test_same_event_id_of_another_tenant_is_another_event(store: Store) -> None:
    await store.append(
        [report_of(event_id="same", tenant="acme"), report_of(event_id="same", tenant="rival")],
        service="config",
        now=NOW,
    )
    for tenant in ("acme", "rival"):
        (event,) = await oldest(store, tenant, ALL, after=0, limit=10)
        assert (event.sequence, event.report.tenant) == (1, tenant)


async def test_fifty_batches_at_once_leave_no_gap_and_no_duplicate(store: Store) -> None:
    tenants = ("acme", "rival", "third")
    batches = [
        [
            report_of(event_id=f"{batch}-{number}", tenant=tenants[(batch + number) % 3 if batch % 2 else -number % 3])
            for number in range(9)
        ]
        for batch in range(50)
    ]
    await few_at_once(store.append(batch, service="config", now=NOW) for batch in [*batches, *batches[:10]])
    total = 0
    for tenant in tenants:
        events = await oldest(store, tenant, ALL, after=0, limit=1000)
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        ids = [event.report.event_id for event in events]
        assert len(set(ids)) == len(ids)
        for batch in batches:
            own = [report.event_id for report in batch if report.tenant == tenant]
            assert [event_id for event_id in ids if event_id in own] == own
        total += len(events)
    assert total == 450


async def test_pages_and_selections(store: Store) -> None:
    reports = [
        report_of(
            event_id=str(number),
            app=("web", "api", "")[number % 3],
            app_id=("a1", "a2", "")[number % 3],
            action=("config.set", "x.y")[number % 2],
        )
        for number in range(1, 31)
    ]
    await store.append(reports, service="config", now=NOW)

    async def ids(selection: Selection, *, before: int | None = None, limit: int = 100) -> list[int]:
        found = await newest(store, "acme", selection, before=before, limit=limit)
        return [int(event.report.event_id) for event in found]

    everything = list(range(30, 0, -1))
    assert await ids(ALL) == everything
    assert await ids(ALL, before=21, limit=5) == [20, 19, 18, 17, 16]
    assert await ids(Selection(app="api")) == [n for n in everything if n % 3 == 1]
    assert await ids(Selection(action="x.y")) == [n for n in everything if n % 2]
    assert await ids(Selection(app="api", action="x.y")) == [n for n in everything if n % 3 == 1 and n % 2]
    both = frozenset({"a1", "a2"})
    theirs = [n for n in everything if n % 3 != 2]
    assert await ids(Selection(app_ids=both)) == theirs
    assert await ids(Selection(app_ids=both), before=20, limit=4) == [n for n in theirs if n < 20][:4]
    assert await ids(Selection(app_ids=both, action="x.y")) == [n for n in theirs if n % 2]
    assert await ids(Selection(app="web", app_ids=both)) == [n for n in everything if n % 3 == 0]
    after = await oldest(store, "acme", Selection(app_ids=both), after=10, limit=5)
    assert [int(event.report.event_id) for event in after] == [n for n in theirs[::-1] if n > 10][:5]
    assert await ids(Selection(app="web", app_ids=frozenset({"a2"}))) == []
    for nobodys in (frozenset[str](), frozenset({""}), frozenset({"web", "api"})):
        assert await ids(Selection(app_ids=nobodys)) == []
    assert await store.last_sequence("acme") == 30
    assert await store.last_sequence("nobody") == 0


async def test_events_of_a_destroyed_app_are_not_shown_to_its_namesakes_readers(store: Store) -> None:
    reports = [report_of(event_id=app_id, app="web", app_id=app_id) for app_id in ("a1", "a2")]
    await store.append([*reports, report_of(event_id="before", app="web", app_id="")], service="config", now=NOW)
    for app_id in ("a1", "a2"):
        found = await newest(store, "acme", Selection(app="web", app_ids=frozenset({app_id})), limit=10)
        assert [event.report.event_id for event in found] == [app_id]
    assert len(await newest(store, "acme", Selection(app="web"), limit=10)) == 3


async def test_statements_name_their_tenant_themselves(databases: Databases, store: Store) -> None:
    """Row-level security is the second lock: asked by a role it does not apply to, every statement is still its own."""
    reports = [report_of(tenant=tenant, app=app) for tenant in ("rival", "acme") for app in ("web", "api", "web")]
    await store.append(reports, service="config", now=NOW)
    await store.append([report_of(tenant="rival", event_id="same")], service="config", now=NOW)
    async with databases.open_past_policies("audit") as database:
        bare = Store(database)
        for selection in (
            ALL,
            Selection(app="web"),
            Selection(action="config.set"),
            Selection(app="web", action="config.set"),
            Selection(app_ids=frozenset({"a1"})),
            Selection(name="LOG_LEVEL"),
            Selection(app="web", name="LOG_LEVEL"),
            Selection(actor="user:ada@example.com"),
        ):
            last = await newest(bare, "acme", selection, before=9, limit=10)
            first = await oldest(bare, "acme", selection, after=0, limit=10)
            assert {event.report.tenant for event in (*last, *first)} == {"acme"}
            own = await oldest(store, "acme", selection, after=0, limit=10)
            assert list(first) == list(last)[::-1] == list(own)
        assert await bare.last_sequence("acme") == 3
        assert await bare.first_since("acme", NOW + timedelta(days=1)) == 4
        await bare.append([report_of(tenant="acme", event_id="same")], service="config", now=NOW)
        assert await bare.last_sequence("acme") == 4


async def test_limited_reader_reads_by_the_index_of_its_apps(databases: Databases, store: Store) -> None:
    """However many events other apps have: each of its apps is read in order, and no more than a page of it."""
    await store.append([report_of(app_id="a1")], service="config", now=NOW)
    databases.look(
        "audit",
        """
        INSERT INTO events SELECT tenant, sequence + n, event_id || n, occurred_at, recorded_at, action, actor,
            on_behalf_of, app, targets, version, outcome, request_id, client_address, service, leaf_hash, 'a2', 2
        FROM events CROSS JOIN generate_series(1, 20000) n""",
    )
    databases.look("audit", "ANALYZE events")
    statement = _SELECT[(_List.APP_IDS,), False]
    asked = {"tenant": "acme", "app_ids": ["a1", "a3"], "after": 0, "before": 2**62, "limit": 51, "most": 51}
    asked |= {"app": "", "action": "", "actor": "", "name": "", "outcome": 0, "people_only": False}
    asked |= {"since": NOW, "until": NOW + timedelta(days=1)}
    with databases.connect("audit") as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
        connection.execute("SELECT set_config('paas.tenant', 'acme', false)")
        lines = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}".encode(), asked).fetchall()
    plan = "\n".join(line for (line,) in lines)
    assert "events_before_by_app_id" in plan
    assert "events_rest" not in plan
    assert "Rows Removed" not in plan
    databases.empty("audit")


async def test_tenant_sees_only_its_own_rows(database: Database, store: Store) -> None:
    await store.append([report_of(tenant="acme"), report_of(tenant="rival")], service="config", now=NOW)
    assert await database.fetch("acme", "SELECT tenant FROM events") == [("acme",)]
    assert await database.fetch("acme", "SELECT count(*) FROM events WHERE tenant = 'rival'") == [(0,)]
    assert await database.fetch("acme", "SELECT DISTINCT tenant FROM event_names") == [("acme",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction("rival") as connection:
            await connection.execute(
                "INSERT INTO events SELECT 'acme', 99, event_id, occurred_at, recorded_at, action, actor, on_behalf_of,"
                " app, targets, version, outcome, request_id, client_address, service, leaf_hash, app_id FROM events"
            )


async def test_missing_tenant_is_an_error(databases: Databases, store: Store) -> None:
    await store.append([report_of()], service="config", now=NOW)
    with databases.connect("audit") as connection:
        with pytest.raises(psycopg.errors.UndefinedObject):
            connection.execute("SELECT * FROM events")
        with connection.transaction():
            connection.execute("SELECT set_config('paas.tenant', 'acme', true)")
        # PostgreSQL leaves an empty text behind where a setting was set for a transaction.
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("SELECT * FROM events")


async def test_missing_tenant_is_not_taken_for_an_outage(database: Database) -> None:
    with pytest.raises(InvalidInput, match="A tenant is required"):
        await database.fetch("", "SELECT * FROM events")


async def test_prepared_plan_is_not_reused_for_another_tenant(databases: Databases, store: Store) -> None:
    """CVE-2024-10976: a plan made while one tenant was set must not show its rows to the next."""
    reports = [report_of(tenant=tenant) for tenant in ("acme", "rival", "acme")]
    await store.append(reports, service="config", now=NOW)
    statement = "WITH seen AS (SELECT tenant FROM events) SELECT s.tenant FROM (SELECT * FROM seen) s"
    with databases.connect("audit") as connection:
        for plan in ("force_generic_plan", "auto"):
            connection.execute("SELECT set_config('plan_cache_mode', %s, false)", (plan,))
            for tenant, rows in [("acme", 2), ("rival", 1), ("third", 0), ("acme", 2)] * 3:
                with connection.transaction():
                    connection.execute("SELECT set_config('paas.tenant', %s, true)", (tenant,))
                    found = connection.execute(statement, prepare=True).fetchall()
                assert found == [(tenant,)] * rows


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'user:eve'",
        "UPDATE event_names SET name = 'x'",
        "DELETE FROM event_names",
        "DELETE FROM events",
        "TRUNCATE events",
        "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
        "DROP TABLE events",
        "CREATE TABLE elsewhere (text text)",
        "SET ROLE audit_owner",
    ],
)
async def test_service_role_can_neither_change_nor_remove(databases: Databases, store: Store, statement: str) -> None:
    await store.append([report_of()], service="config", now=NOW)
    with databases.connect("audit") as connection:
        connection.execute("SELECT set_config('paas.tenant', 'acme', false)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


async def test_two_hundred_events_take_as_many_round_trips_as_one(
    store: Store, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They decide how many events a second there are. What counts is how often psycopg sends and then waits."""
    await store.append([report_of(tenant="warm")], service="config", now=NOW)
    waits = 0
    original = psycopg.AsyncConnection.wait

    async def counted(self: Any, gen: Any, *arguments: Any, **keywords: Any) -> Any:
        nonlocal waits
        waits += gen.__qualname__.endswith(("_exit_gen", "_sync_gen", "_fetch_gen"))
        return await original(self, gen, *arguments, **keywords)

    monkeypatch.setattr(psycopg.AsyncConnection, "wait", counted)
    counts = []
    for size in (1, 200, 1):
        waits = 0
        await store.append([report_of() for _ in range(size)], service="config", now=datetime.now(UTC))
        counts.append(waits)
    assert len(set(counts)) == 1
    assert databases.look("audit", "SELECT count(*), max(sequence) FROM events WHERE tenant = 'acme'") == [(202, 202)]
