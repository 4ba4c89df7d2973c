"""The log on a real PostgreSQL: order without gaps, once per event id, tenants apart, nothing changed or deleted.

Leaves out what is accepted (tests/unit/audit) and the server around it (test_server.py).
"""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from paaskit.db import Database
from services.audit.domain import Selection, leaf_hash
from services.audit.store import Store
from tests.fakes.audit_log import report_of
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import few_at_once

NOW = datetime(2026, 5, 4, 13, 43, 1, 234567, tzinfo=UTC)
ALL = Selection()


async def test_what_is_appended_is_read_back(store: Store) -> None:
    report = report_of(
        targets=('quote"', "back\\slash", "{brace}", "comma,", "naïve •", "null"),
        version=2**62,
        on_behalf_of="user:grace",
        request_id="req-12345678",
        client_address="2001:db8::1",
    )
    await store.append([report, report_of(targets=())], service="config", now=NOW)
    newest, oldest = await store.newest("acme", ALL, before=None, limit=10)
    assert oldest.report == report
    assert (oldest.sequence, oldest.recorded_at, oldest.service) == (1, NOW, "config")
    assert newest.report.targets == ()


async def test_leaf_hash_is_of_what_is_read_back(store: Store, databases: Databases) -> None:
    await store.append([report_of() for _ in range(5)], service="config", now=NOW)
    stored = databases.look("audit", "SELECT sequence, leaf_hash FROM events ORDER BY sequence")
    events = await store.after("acme", ALL, sequence=0, limit=10)
    assert [(event.sequence, leaf_hash(event)) for event in events] == stored


async def test_order_of_arrival_is_kept_and_ids_count_once(store: Store) -> None:
    first = [report_of(event_id=f"event-{number}") for number in range(10)]
    await store.append(first, service="config", now=NOW)
    again = [*first[3:], report_of(event_id="new"), report_of(event_id="new"), report_of(event_id="newer")]
    await store.append(again, service="config", now=NOW)
    events = await store.after("acme", ALL, sequence=0, limit=100)
    assert [event.report.event_id for event in events] == [*(f"event-{n}" for n in range(10)), "new", "newer"]
    assert [event.sequence for event in events] == list(range(1, 13))


async def test_same_event_id_of_another_tenant_is_another_event(store: Store) -> None:
    await store.append(
        [report_of(event_id="same", tenant="acme"), report_of(event_id="same", tenant="rival")],
        service="config",
        now=NOW,
    )
    for tenant in ("acme", "rival"):
        (event,) = await store.after(tenant, ALL, sequence=0, limit=10)
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
        events = await store.after(tenant, ALL, sequence=0, limit=1000)
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
        report_of(event_id=str(number), app=("web", "api", "")[number % 3], action=("config.set", "x.y")[number % 2])
        for number in range(1, 31)
    ]
    await store.append(reports, service="config", now=NOW)

    async def ids(selection: Selection, *, before: int | None = None, limit: int = 100) -> list[int]:
        found = await store.newest("acme", selection, before=before, limit=limit)
        return [int(event.report.event_id) for event in found]

    everything = list(range(30, 0, -1))
    assert await ids(ALL) == everything
    assert await ids(ALL, before=21, limit=5) == [20, 19, 18, 17, 16]
    assert await ids(Selection(app="api")) == [n for n in everything if n % 3 == 1]
    assert await ids(Selection(action="x.y")) == [n for n in everything if n % 2]
    assert await ids(Selection(app="api", action="x.y")) == [n for n in everything if n % 3 == 1 and n % 2]
    assert await ids(Selection(apps=frozenset({"web", "api"}))) == [n for n in everything if n % 3 != 2]
    assert await ids(Selection(app="web", apps=frozenset({"api"}))) == []
    assert await store.last_sequence("acme") == 30
    assert await store.last_sequence("nobody") == 0


async def test_tenant_sees_only_its_own_rows(database: Database, store: Store) -> None:
    await store.append([report_of(tenant="acme"), report_of(tenant="rival")], service="config", now=NOW)
    assert await database.fetch("acme", "SELECT tenant FROM events") == [("acme",)]
    assert await database.fetch("acme", "SELECT count(*) FROM events WHERE tenant = 'rival'") == [(0,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction("rival") as connection:
            await connection.execute(
                "INSERT INTO events SELECT 'acme', 99, event_id, occurred_at, recorded_at, action, actor, on_behalf_of,"
                " app, targets, version, outcome, request_id, client_address, service, leaf_hash FROM events"
            )


async def test_statements_name_the_tenant_themselves(databases: Databases, store: Store) -> None:
    """Row-level security is the second lock, not the only one: without it they find the same."""
    reports = [report_of(event_id=f"{tenant}-{n}", tenant=tenant) for n in range(3) for tenant in ("acme", "rival")]
    await store.append(reports[:5], service="config", now=NOW)
    mine = [f"acme-{number}" for number in range(3)]
    async with databases.open_past_policies("audit") as database:
        unprotected = Store(database)
        assert [e.report.event_id for e in await unprotected.newest("acme", ALL, before=None, limit=10)] == mine[::-1]
        assert [e.report.event_id for e in await unprotected.after("acme", ALL, sequence=0, limit=10)] == mine
        assert await unprotected.last_sequence("acme") == 3
        assert await unprotected.last_sequence("rival") == 2
        await unprotected.append([reports[5]], service="config", now=NOW)
    assert await store.last_sequence("rival") == 3


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
    with pytest.raises(psycopg.errors.CheckViolation):
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


async def test_two_hundred_events_take_as_many_statements_as_one(
    store: Store, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Round trips decide how many events a second there are."""
    sent: list[str] = []
    original = psycopg.AsyncConnection.execute

    async def counted(self: Any, query: Any, *arguments: Any, **keywords: Any) -> Any:
        sent.append(query)
        return await original(self, query, *arguments, **keywords)

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", counted)
    await store.append([report_of()], service="config", now=NOW)
    for_one = list(sent)
    sent.clear()
    await store.append([report_of() for _ in range(200)], service="config", now=NOW)
    assert sent == for_one
    assert databases.look("audit", "SELECT count(*), max(sequence) FROM events WHERE tenant = 'acme'") == [(201, 201)]
