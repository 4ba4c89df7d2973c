"""Events are kept by month, whichever: none is lost or doubled at a month's edge, and each month is closed by tenant.

Leaves out what is asked over months (../test_questions.py) and how they are dropped (test_job.py).
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from services.audit.leaves import leaf_hash
from services.audit.periods import Period, Stretch, stretches
from services.audit.selection import Selection
from services.audit.store import Store
from tests.fakes.audit_log import newest, oldest, report_of
from tests.fixtures.postgres import Databases
from tests.integration.audit.retention.conftest import House

_EDGE: Final = datetime(2030, 2, 1, tzinfo=UTC)
_IN_PARTS: Final = "SELECT tableoid::regclass::text, count(*) FROM {} GROUP BY 1 ORDER BY 1"
_SEE: Final = "SELECT set_config('paas.tenant', 'acme', false)"
_OLD: Final = """
    INSERT INTO events (tenant, sequence, event_id, occurred_at, recorded_at, action, actor, on_behalf_of, app, targets,
        version, outcome, request_id, client_address, service, leaf_hash, app_id, leaf_format)
    SELECT 't' || i % 3, 1 + i / 3, 'e' || i, now(), now() - interval '40 days' + i * interval '10 minutes',
        'config.set', 'user:u', '', 'web', ARRAY['A', 'N' || i % 7], 1, 1, '', '', 'config', sha256(i::text::bytea),
        'a1', 3
    FROM generate_series(0, 2999) i"""


async def test_an_append_goes_on_over_the_edge_of_a_month(house: House) -> None:
    for second in (-2, -1, 0, 1):
        house.now = _EDGE + timedelta(seconds=second)
        await house.append(2)
    assert house.database.look(_IN_PARTS.format("events")) == [("events_2030_01", 4), ("events_2030_02", 4)]
    assert house.database.look(_IN_PARTS.format("event_names")) == [
        ("event_names_2030_01", 8),
        ("event_names_2030_02", 8),
    ]
    events = await oldest(house.store, "acme", Selection(), after=0, limit=100)
    assert [event.sequence for event in events] == list(range(1, 9))
    assert await house.store.first_since("acme", _EDGE) == 5
    assert await house.store.periods("acme") == [
        Period(datetime(2030, 1, 1, tzinfo=UTC), _EDGE, 1),
        Period(_EDGE, datetime(2030, 3, 1, tzinfo=UTC), 5),
    ]


async def test_an_event_is_kept_once_over_months(house: House) -> None:
    for day in (10, 40, 70, 200):
        house.now = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=day)
        await house.store.append(
            [report_of(event_id="same"), report_of(event_id=f"on {day}")], service="config", now=house.now
        )
    events = await oldest(house.store, "acme", Selection(), after=0, limit=100)
    assert [event.report.event_id for event in events] == ["same", "on 10", "on 40", "on 70", "on 200"]
    found = await house.store.with_id("acme", "on 70")
    assert found is not None
    assert found.sequence == 4


async def test_a_clock_that_is_behind_or_far_ahead_makes_no_gap(house: House) -> None:
    """No event's time is before that of the one before it, in whichever month that is."""
    for day in (0, 95, 3, 64):
        await house.store.append([report_of()], service="config", now=_EDGE + timedelta(days=day))
    events = await oldest(house.store, "acme", Selection(), after=0, limit=100)
    assert [event.sequence for event in events] == [1, 2, 3, 4]
    assert [(event.recorded_at - _EDGE).days for event in events] == [0, 95, 95, 95]


async def test_events_of_a_month_that_was_not_made_are_kept_and_moved_once_it_is(house: House) -> None:
    """An append never fails for want of a month."""
    for months in range(3):
        house.now = datetime(2031, 1 + months, 5, tzinfo=UTC)
        await house.append(3)
    assert house.database.look(_IN_PARTS.format("events")) == [("events_rest", 9)]
    asked = (Selection(), Selection(name="N1"))
    before = [await oldest(house.store, "acme", each, after=0, limit=100) for each in asked]
    await house.retention().make_months()
    in_parts = house.database.look(_IN_PARTS.format("events"))
    assert in_parts == [("events_2031_01", 3), ("events_2031_02", 3), ("events_2031_03", 3)]
    assert [
        await oldest(house.store, "acme", Selection(name=name), after=0, limit=100) for name in ("", "N1")
    ] == before
    assert len(before[0]) == 9
    await house.append(1)
    assert await house.store.last_sequence("acme") == 10


async def test_the_old_table_is_the_first_period_with_every_row(databases: Databases) -> None:
    """What was there before there were months: rows, hashes, names and ids, and it is gone on from."""
    with databases.earlier("audit", revision="0006") as earlier:
        earlier.look(_OLD)
        earlier.look("INSERT INTO logs (tenant) SELECT DISTINCT tenant FROM events")
        # Those it has by then; later migrations add some.
        ((columns,),) = earlier.look(
            "SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns"
            " WHERE table_name = 'events'"
        )
        tables = {"events": columns, "event_names": "tenant, name, app, action, outcome, personal, sequence"}
        rows = {table: f"SELECT {columns} FROM {table} ORDER BY 1, 2, 7" for table, columns in tables.items()}  # noqa: S608
        before = {table: earlier.look(statement) for table, statement in rows.items()}
        earlier.upgrade()
        assert {table: earlier.look(statement) for table, statement in rows.items()} == before
        assert earlier.look(_IN_PARTS.format("events")) == [("events_before", 3000)]
        ids = earlier.look("SELECT tenant, event_id, sequence, recorded_at FROM event_ids")
        assert sorted(ids) == sorted((row[0], row[2], row[1], row[4]) for row in before["events"])
        async with earlier.open() as database:
            store = Store(database)
            now = datetime.now(UTC) + timedelta(days=70)
            await store.append(
                [report_of(tenant="t1", event_id=name) for name in ("e1", "e4", "new")], service="s", now=now
            )
            assert await store.last_sequence("t1") == 1001
            found = await newest(store, "t1", Selection(name="N3"), limit=3)
            assert [event.sequence for event in found] == [998, 991, 984]
            everything = await oldest(store, "t1", Selection(), after=0, limit=2000)
        assert [event.sequence for event in everything] == list(range(1, 1002))
        assert everything[-1].kept_hash == leaf_hash(everything[-1])


@pytest.mark.parametrize("made", ["by the migration", "later"])
async def test_a_month_is_closed_to_the_service_and_by_tenant(house: House, made: str) -> None:
    """The service gets at a month's rows through the whole table alone. Were it given rights, it would see a tenant."""
    since = house.database.look("SELECT since FROM periods ORDER BY since OFFSET 1")
    month: datetime = since[0 if made == "by the migration" else -1][0]
    for tenant in ("acme", "rival"):
        await house.store.append([report_of(tenant=tenant)], service="config", now=month)
    which = (f"{month:%Y_%m}", "before", "rest")
    parts = [f"{whole}_{each}" for each in which for whole in ("events", "event_names")]
    attacks = ("SELECT * FROM {}", "DELETE FROM {}", "UPDATE {} SET tenant = 'x'", "TRUNCATE {}", "DROP TABLE {}")
    with house.database.connect("audit") as connection:
        connection.execute(_SEE)
        for attack in (attack.format(part) for part in parts for attack in attacks):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attack.encode())
    with house.database.connect("audit_owner") as connection:
        for part in parts:
            connection.execute(f"GRANT SELECT, INSERT ON {part} TO audit".encode())
            with pytest.raises(psycopg.errors.UndefinedObject):
                connection.execute(f"TABLE {part}".encode())
    with house.database.connect("audit") as connection:
        connection.execute(_SEE)
        for part in parts[:2]:
            assert {row[0] for row in connection.execute(f"TABLE {part}".encode())} == {"acme"}
        row = "VALUES ('rival', 'x', 'x', 'x', 1, true, 9, now())"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"INSERT INTO {parts[1]} {row}".encode())


async def test_what_is_made_later_is_closed_as_what_there_was(house: House) -> None:
    found = house.database.look(
        "SELECT relname, relrowsecurity, relforcerowsecurity, relacl IS NULL, (SELECT count(*) FROM pg_policy WHERE"
        " polrelid = c.oid) FROM pg_class c WHERE relispartition AND relkind = 'r' AND relname LIKE '%_2030_%'"
    )
    assert len(found) == 8
    assert {facts[1:] for facts in found} == {(True, True, True, 1)}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT make_month('2035-01-01')",
        "SELECT make_part('events', 'x')",
        *(f"DELETE FROM {name}" for name in ("periods", "log_periods", "event_ids", "dropped")),  # noqa: S608
        *(f"INSERT INTO {name} TABLE {name}" for name in ("periods", "dropped", "dropped_hashes", "edge_entries")),
        "ALTER TABLE events DETACH PARTITION events_before",
    ],
)
def test_the_service_makes_and_drops_no_months(databases: Databases, statement: str) -> None:
    with databases.connect("audit") as connection:
        connection.execute(_SEE)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def _stretches(**asked: Any) -> list[tuple[int, int, int, int]]:
    """The months, by number, and places that are looked at of a log with ten events in each of ten months."""
    periods = [Period(_month(number), _month(number + 1), 1 + 10 * number) for number in range(10)]
    found: list[Stretch] = list(stretches(periods, **asked))
    return [(each.since.year - 2000, each.until.year - 2000, each.after, min(each.before, 999)) for each in found]


def _month(number: int) -> datetime:
    return datetime(2000 + number, 1, 1, tzinfo=UTC)


def test_a_question_goes_from_its_end_through_twice_as_many_months_each_time() -> None:
    assert _stretches(after=0, before=None, oldest_first=False) == [
        (9, 10, 90, 999),
        (7, 9, 70, 91),
        (3, 7, 30, 71),
        (0, 3, 0, 31),
    ]
    assert _stretches(after=0, before=None, oldest_first=True) == [
        (0, 1, 0, 11),
        (1, 3, 10, 31),
        (3, 7, 30, 71),
        (7, 10, 70, 999),
    ]


def test_months_beyond_the_places_that_are_asked_for_are_not_opened() -> None:
    assert _stretches(after=44, before=62, oldest_first=False) == [(6, 7, 60, 62), (4, 6, 44, 61)]
    assert _stretches(after=40, before=51, oldest_first=True) == [(4, 5, 40, 51)]
    assert _stretches(after=100, before=None, oldest_first=True) == [(9, 10, 100, 999)]
    assert _stretches(after=5, before=1, oldest_first=False) == []
    assert list(stretches([], after=0, before=None, oldest_first=True)) == []
