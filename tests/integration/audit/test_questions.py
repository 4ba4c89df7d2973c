"""Any question gets the events that it is about, in order, each once, however it is cut into pages.

On a real PostgreSQL, against the same question asked of each event by itself; the log is in all parts of its table: the
one of before, months, and what is in none. Leaves out which index answers
(tests/integration/plans) and what a question may be (tests/unit/audit).
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paaskit.wakeups import Wakeups
from services.audit import reading
from services.audit.domain import AuditLog
from services.audit.event import Event, Outcome, Report
from services.audit.selection import Selection
from services.audit.store import Store
from tests.fakes.audit_log import newest, oldest, report_of, selects
from tests.fixtures.postgres import Databases

# Before the month after this one there are no months; of those three months were made.
_START: Final = (datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0) + timedelta(days=32)).replace(
    day=1, microsecond=0
) - timedelta(days=20)
_STEP: Final = timedelta(days=3)
_ACTIONS: Final = ("config.set", "secrets.get", "secrets.set")
_ACTORS: Final = ("user:ada", "user:bob", "pat:ci", "service:releaser", "service", "service;x")
_NAMES: Final = ("A", "B", "C", "RARE")
_APPS: Final = (("web", "a1"), ("web", "a9"), ("api", "a2"), ("web", ""), ("", ""))
_EVENTS: Final = 400
_PARTS: Final = 5


def _reports(chance: random.Random) -> list[Report]:
    some = [
        report_of(
            event_id=f"e{number}",
            tenant=chance.choice(("acme", "acme", "rival")),
            action=chance.choice(_ACTIONS),
            actor=chance.choice(_ACTORS),
            on_behalf_of=chance.choice(("", "", "user:ada")),
            maker=chance.choice(("", "", "user:bob")),
            app=app,
            app_id=app_id,
            targets=tuple(chance.choices(_NAMES[:3], k=chance.randrange(3))),
            outcome=chance.choice(tuple(Outcome)),
        )
        for number in range(_EVENTS)
        for app, app_id in [chance.choice(_APPS)]
    ]
    some[7] = report_of(event_id="rare", app="web", app_id="a1", targets=("RARE",), actor="user:ada")
    return some


def _often_none(*texts: str) -> st.SearchStrategy[str]:
    return st.just("") | st.just("") | st.sampled_from(texts)


_SELECTIONS: Final = st.builds(
    Selection,
    app=_often_none("web", "api", "none"),
    action=_often_none(*_ACTIONS, "tokens.create"),
    actor=_often_none(*_ACTORS, "user:none"),
    name=_often_none(*_NAMES, "NONE"),
    outcome=st.sampled_from((0, 0, 1, 2, 3)),
    people_only=st.booleans(),
    since=st.none() | st.integers(-1, 30).map(lambda steps: _START + steps * _STEP),
    until=st.none() | st.integers(31, 41).map(lambda steps: _START + steps * _STEP),
    app_ids=st.none() | st.none() | st.frozensets(st.sampled_from(("a1", "a2", "a9", "", "none"))),
)


@dataclass(frozen=True)
class Question:
    """A question, and how its answer is read."""

    tenant: str
    selection: Selection
    oldest_first: bool = False
    limit: int = 50
    after: int = 0
    before: int | None = None


_QUESTIONS: Final = st.builds(
    Question,
    tenant=st.sampled_from(("acme", "acme", "rival", "nobody")),
    selection=_SELECTIONS,
    oldest_first=st.booleans(),
    limit=st.integers(1, 60),
    after=st.sampled_from((0, 0, 50, 500)),
    before=st.sampled_from((None, None, 120, 1)),
)


@dataclass(frozen=True)
class Filled:
    """A log, and its events by tenant."""

    log: AuditLog
    events: Mapping[str, Sequence[Event]]

    def expected(self, asked: Question) -> list[int]:
        """The sequences of the events that a question is about, asked of each of them."""
        events = self.events.get(asked.tenant, [])[:: 1 if asked.oldest_first else -1]
        return [
            event.sequence
            for event in events
            if selects(asked.selection, event)
            and event.sequence > asked.after
            and (asked.before is None or event.sequence < asked.before)
        ]

    async def answered(self, asked: Question) -> list[int]:
        """The sequences of all pages, one after the other."""
        seen: list[int] = []
        after, before = asked.after, asked.before
        while True:
            found = await self.log.page(
                asked.tenant,
                asked.selection,
                limit=asked.limit,
                after=after,
                before=before,
                oldest_first=asked.oldest_first,
            )
            assert len(found.events) <= asked.limit
            seen += [event.sequence for event in found.events]
            if found.end is None:
                return seen
            after, before = (found.end, before) if asked.oldest_first else (after, found.end)


@asynccontextmanager
async def _filled(databases: Databases) -> AsyncIterator[Filled]:
    """A log with ten events every three days."""
    async with databases.open("audit") as database:
        store, reports = Store(database), _reports(random.Random(8))
        for step in range(_EVENTS // 10):
            lot = reports[step * 10 : step * 10 + 10]
            await store.append(lot, service="config", now=_START + step * _STEP)
        in_parts = databases.look("audit", "SELECT tableoid::regclass::text, count(*) FROM events GROUP BY 1")
        assert len(in_parts) == _PARTS
        everything = Selection()
        events = {each: await oldest(store, each, everything, after=0, limit=_EVENTS) for each in ("acme", "rival")}
        assert sum(map(len, events.values())) == _EVENTS
        actions = frozenset({*_ACTIONS, "tokens.create"})
        yield Filled(
            AuditLog(store, Wakeups[str](), has_grown=lambda _: None, clock=lambda: _START, actions=actions), events
        )


@pytest.mark.parametrize("examples", [80, pytest.param(5_000, marks=pytest.mark.thorough)])
def test_any_question_is_answered_as_if_each_event_were_looked_at(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, examples: int
) -> None:
    monkeypatch.setattr(reading, "MOST_CHECKED", 7)
    found = 0
    with asyncio.Runner() as runner:
        filling = _filled(databases)
        filled = runner.run(filling.__aenter__())

        @settings(max_examples=examples)
        @given(asked=_QUESTIONS)
        @example(Question("acme", Selection(name="RARE")))
        @example(Question("acme", Selection(app="web", name="RARE", app_ids=frozenset({"a1"})), limit=1))
        @example(Question("acme", Selection(app="web", name="A", app_ids=frozenset({"a2"})), oldest_first=True))
        def answers(asked: Question) -> None:
            nonlocal found
            expected = filled.expected(asked)
            assert runner.run(filled.answered(asked)) == expected
            found += bool(expected)

        answers()
        runner.run(filling.__aexit__(None, None, None))
    # Of questions put together by chance, few have an answer; without any, nothing would have been compared.
    assert found > examples // 10


async def test_one_call_looks_at_so_many_events_and_says_where_it_stopped(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_CHECKED", 20)
    reports = [report_of(actor="user:bob" if number else "user:ada") for number in range(100)]
    await store.append(reports, service="config", now=_START)
    rare = Selection(app="web", actor="user:ada")
    found = await store.read("acme", rare, after=0, before=None, oldest_first=False, limit=5)
    assert (found.events, found.end) == ([], 81)
    assert [event.sequence for event in await newest(store, "acme", rare, limit=5)] == [1]


async def test_a_time_is_a_place_in_the_log_whatever_the_clocks_of_replicas_say(store: Store) -> None:
    for second in (5, 3, 9, 7):
        await store.append([report_of()], service="config", now=_START + timedelta(seconds=second))
    events = await oldest(store, "acme", Selection(), after=0, limit=10)
    assert [(event.recorded_at - _START).seconds for event in events] == [5, 5, 9, 9]
    places = [await store.first_since("acme", _START + timedelta(seconds=second)) for second in (0, 5, 6, 9, 10)]
    assert places == [1, 1, 3, 3, 5]
    assert await store.first_since("nobody", _START) == 1


async def test_names_are_written_with_their_event_or_not_at_all(databases: Databases, store: Store) -> None:
    twice = report_of(event_id="once", targets=("A", "B", "A"))
    for _ in range(2):
        await store.append([twice], service="config", now=_START)
    assert databases.look("audit", "SELECT name, sequence FROM event_names ORDER BY 1") == [("A", 1), ("B", 1)]


@pytest.mark.thorough
async def test_events_of_before_are_found_by_their_names(databases: Databases) -> None:
    with databases.earlier("audit", revision="0004") as earlier:
        earlier.look(
            """
            INSERT INTO events (tenant, sequence, event_id, occurred_at, recorded_at, action, actor, on_behalf_of, app,
                targets, version, outcome, request_id, client_address, service, leaf_hash, app_id, leaf_format)
            SELECT 't' || i % 3, i, 'e' || i, now(), now(), 'config.set', 'service:releaser', '', 'web',
                ARRAY['A', 'N' || i % 7], 1, 1, '', '', 'config', sha256('x'), 'a1', 2
            FROM generate_series(1, 120000) i"""
        )
        earlier.upgrade()
        rows = earlier.look(
            "SELECT tenant, count(*), count(DISTINCT sequence), bool_or(personal) FROM event_names"
            " GROUP BY tenant ORDER BY tenant"
        )
        assert rows == [(tenant, 80_000, 40_000, False) for tenant in ("t0", "t1", "t2")]
        async with earlier.open() as database:
            found = await newest(Store(database), "t1", Selection(name="N3"), limit=2)
        assert [event.sequence for event in found] == [119_983, 119_962]
