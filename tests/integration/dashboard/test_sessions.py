"""When a session ends, and that its token is renewed once: over PostgreSQL, with the time as the test has it.

Leaves out the pages around it, and a real identity provider (tests/keycloak).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.calls.refusals import Refusal
from dashboard.sessions.keeper import Sessions
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Grant, Person, SignedOut
from dashboard.sessions.store import CLOCKS_DIFFER, Store
from paaskit.db import Database
from tests.fakes.clock import FakeClock
from tests.fakes.renewal import LIFETIME, FakeRenewal
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
ADA = Person(tenant="acme", subject="user:ada", maker="", permissions=frozenset({"apps.read"}), apps=None)
BOB = replace(ADA, subject="user:bob")
NAMESAKE = replace(ADA, tenant="globex")
LASTING = Grant(bearer="paas_pat_of_a_link")
A_MOMENT = timedelta(seconds=1)


@dataclass
class Kept:
    """Two replicas' sessions, on one database."""

    one: Sessions
    other: Sessions
    clock: FakeClock
    renewal: FakeRenewal

    def later(self, time: timedelta) -> None:
        """Have it be later."""
        self.clock.now += time


@pytest.fixture
async def kept(databases: Databases) -> AsyncIterator[Kept]:
    clock = FakeClock(datetime(2026, 5, 4, tzinfo=UTC))
    renewal = FakeRenewal(clock=clock, person_now=ADA)

    def sessions(database: Database) -> Sessions:
        return Sessions(Store(database), idle=IDLE, longest=LONGEST, renewal=renewal, clock=clock)

    async with databases.open("dashboard") as one, databases.open_again("dashboard") as other:
        yield Kept(sessions(one), sessions(other), clock, renewal)


async def _begin(kept: Kept, person: Person = ADA, grant: Grant = LASTING) -> Secret:
    secret, _ = await kept.one.begin(person, grant, ends_at=None)
    return secret


async def _is_in(sessions: Sessions, secret: Secret) -> bool:
    with suppress(SignedOut):
        await sessions.find(secret)
        return True
    return False


async def test_another_replica_finds_it_and_another_cookie_does_not(kept: Kept) -> None:
    secret = await _begin(kept)
    assert (await kept.other.find(secret)).person == ADA
    assert not await _is_in(kept.one, Secret.new())


async def test_each_sign_in_gets_a_cookie_that_was_never_there(kept: Kept, databases: Databases) -> None:
    first, second = await _begin(kept), await _begin(kept)
    assert first.text() != second.text()
    for row in databases.look("dashboard", "SELECT sessions::text FROM sessions"):
        assert all(each not in str(row) for each in (first.text(), second.text(), LASTING.bearer))


async def test_one_that_is_visited_stays_and_one_that_is_idle_ends(kept: Kept) -> None:
    visited, idle = await _begin(kept), await _begin(kept)
    for _ in range(3):
        kept.later(IDLE - A_MOMENT)
        assert await _is_in(kept.one, visited)
    assert not await _is_in(kept.one, idle)
    kept.later(IDLE)
    assert not await _is_in(kept.one, visited)


async def test_what_goes_on_by_itself_keeps_no_session(kept: Kept) -> None:
    """As a stream of events in a browser that nobody looks at."""
    secret = await _begin(kept)
    kept.later(IDLE - A_MOMENT)
    assert await kept.one.goes_on(secret)
    kept.later(A_MOMENT)
    assert not await kept.one.goes_on(secret)
    assert not await _is_in(kept.other, secret)


async def test_what_a_page_asks_for_by_itself_is_no_visit(kept: Kept) -> None:
    secret = await _begin(kept)
    for _ in range(4):
        kept.later(IDLE / 5)
        await kept.one.find(secret, is_visit=False)
    kept.later(IDLE / 5)
    with pytest.raises(SignedOut):
        await kept.one.find(secret)


async def test_no_visit_keeps_one_past_its_longest_time(kept: Kept) -> None:
    secret, began = await _begin(kept), kept.clock()
    while kept.clock() + IDLE / 2 < began + LONGEST:
        kept.later(IDLE / 2)
        assert await _is_in(kept.one, secret)
    kept.later(began + LONGEST - kept.clock())
    assert not await _is_in(kept.one, secret)


async def test_one_ends_with_what_somebody_signed_in_with(kept: Kept) -> None:
    secret, end = await kept.one.begin(ADA, LASTING, ends_at=kept.clock() + timedelta(minutes=10))
    assert end == kept.clock() + timedelta(minutes=10)
    kept.later(timedelta(minutes=10))
    assert not await _is_in(kept.one, secret)


async def test_signing_out_is_at_once_on_every_replica_and_for_this_browser_alone(kept: Kept) -> None:
    here, there = await _begin(kept), await _begin(kept)
    await kept.one.end(here)
    assert [await _is_in(kept.other, each) for each in (here, there)] == [False, True]


async def test_signing_out_everywhere_ends_all_of_one_person_and_nobody_else_s(kept: Kept) -> None:
    mine = [await _begin(kept) for _ in range(3)]
    others = [await _begin(kept, person) for person in (BOB, NAMESAKE)]
    assert await kept.one.end_all(ADA) == 3
    assert [await _is_in(kept.other, each) for each in (*mine, *others)] == [False, False, False, True, True]


async def test_what_is_in_a_row_does_not_open_as_another(kept: Kept, databases: Databases) -> None:
    """As whoever may write the database would try: somebody's content in a row of their own."""
    mine, theirs = await _begin(kept, BOB), await _begin(kept)
    databases.look(
        "dashboard",
        "UPDATE sessions SET sealed = (SELECT sealed FROM sessions WHERE session = %s) WHERE session = %s",
        (theirs.row(), mine.row()),
    )
    assert not await _is_in(kept.one, mine)


async def test_what_has_ended_is_deleted(kept: Kept, databases: Databases) -> None:
    await _begin(kept)
    kept.later(IDLE)
    fresh = await _begin(kept)
    await kept.one.sweep()
    assert databases.look("dashboard", "SELECT session FROM sessions") == [(fresh.row(),)]


async def test_a_token_that_is_due_is_renewed_and_kept(kept: Kept) -> None:
    secret = await _begin(kept, grant=kept.renewal.first())
    assert (await kept.one.find(secret)).grant.bearer == "access-0"
    kept.later(LIFETIME - timedelta(seconds=30))
    assert (await kept.one.find(secret)).grant.bearer == "access-1"
    assert (await kept.other.find(secret)).grant.bearer == "access-1"
    assert kept.renewal.used == ["refresh-0"]


async def test_of_pages_that_come_at_once_one_renews(kept: Kept) -> None:
    """Two uses of one refresh token would end the session at the provider."""
    secret = await _begin(kept, grant=kept.renewal.first())
    for _ in range(2):
        kept.later(LIFETIME)
        found = await asyncio.gather(*(sessions.find(secret) for sessions in (kept.one, kept.other) * 3))
        assert {each.grant.bearer for each in found} == {f"access-{len(kept.renewal.used)}"}
    assert kept.renewal.used == ["refresh-0", "refresh-1"]


async def test_what_a_visitor_did_not_wait_for_is_kept(kept: Kept) -> None:
    secret, gate = await _begin(kept, grant=kept.renewal.first()), asyncio.Event()
    kept.renewal.gate = gate
    kept.later(LIFETIME)
    page = asyncio.create_task(kept.one.find(secret))
    await until(lambda: kept.renewal.asked)
    page.cancel()
    with pytest.raises(asyncio.CancelledError):
        await page
    gate.set()
    assert (await kept.other.find(secret)).grant.bearer == "access-1"
    assert kept.renewal.used == ["refresh-0"]


async def test_a_provider_that_is_away_signs_nobody_out(kept: Kept) -> None:
    secret = await _begin(kept, grant=kept.renewal.first())
    kept.later(LIFETIME)
    kept.renewal.away = True
    found = await asyncio.gather(*(kept.one.find(secret) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in found] == [Refusal] * 3
    kept.renewal.away = False
    assert (await kept.one.find(secret)).grant.bearer == "access-1"


async def test_a_gateway_that_is_away_loses_no_token(kept: Kept) -> None:
    secret = await _begin(kept, grant=kept.renewal.first())
    kept.renewal.gateway_away = True
    for number in (1, 2):
        kept.later(LIFETIME)
        assert (await kept.one.find(secret)).grant.bearer == f"access-{number}"


async def test_who_gets_no_token_any_more_is_out(kept: Kept, databases: Databases) -> None:
    secret = await _begin(kept, grant=kept.renewal.first())
    kept.later(LIFETIME)
    kept.renewal.ended = True
    assert not await _is_in(kept.one, secret)
    assert databases.look("dashboard", "SELECT session FROM sessions") == []


async def test_what_somebody_may_is_as_of_the_last_renewal(kept: Kept) -> None:
    secret = await _begin(kept, grant=kept.renewal.first())
    kept.renewal.person_now = replace(ADA, permissions=frozenset())
    kept.later(LIFETIME)
    assert (await kept.one.find(secret)).person.permissions == frozenset()


@pytest.mark.parametrize("now", [BOB, NAMESAKE])
async def test_who_is_somebody_else_by_now_begins_anew(kept: Kept, now: Person) -> None:
    secret = await _begin(kept, grant=kept.renewal.first())
    kept.renewal.person_now = now
    kept.later(LIFETIME)
    assert not await _is_in(kept.one, secret)


async def test_who_signed_out_meanwhile_stays_out(kept: Kept) -> None:
    secret, gate = await _begin(kept, grant=kept.renewal.first()), asyncio.Event()
    kept.renewal.gate = gate
    kept.later(LIFETIME)
    pages = [asyncio.create_task(_is_in(sessions, secret)) for sessions in (kept.one, kept.other)]
    await until(lambda: kept.renewal.asked)
    await kept.other.end(secret)
    gate.set()
    assert await asyncio.gather(*pages) == [False, False]


async def test_a_replica_that_ended_while_it_renewed_holds_nobody_up(kept: Kept) -> None:
    secret, gate = await _begin(kept, grant=kept.renewal.first()), asyncio.Event()
    kept.renewal.gate = gate
    kept.later(LIFETIME)
    lost = asyncio.create_task(kept.one.find(secret))
    await until(lambda: kept.renewal.asked)
    kept.later(timedelta(seconds=30))
    kept.renewal.gate = None
    assert (await kept.other.find(secret)).grant.bearer == "access-1"
    # A provider is waited for less long than that; here it answers whoever is not waited for any more.
    gate.set()
    with pytest.raises(SignedOut):
        await lost


async def test_who_is_renewed_again_while_it_is_asked_who_they_are_stays_in(kept: Kept) -> None:
    secret, gate = await _begin(kept, grant=kept.renewal.first()), asyncio.Event()
    kept.renewal.person_gate = gate
    kept.later(LIFETIME)
    slow = asyncio.create_task(kept.one.find(secret))
    await until(lambda: kept.renewal.is_asked_whose)
    kept.later(LIFETIME)
    assert (await kept.other.find(secret)).grant.bearer == "access-2"
    gate.set()
    assert (await slow).grant.bearer == "access-1"
    assert (await kept.one.find(secret)).grant.bearer == "access-2"


async def test_who_signs_out_while_it_is_asked_who_they_are_is_out(kept: Kept) -> None:
    secret, gate = await _begin(kept, grant=kept.renewal.first()), asyncio.Event()
    kept.renewal.person_gate = gate
    kept.later(LIFETIME)
    slow = asyncio.create_task(_is_in(kept.one, secret))
    await until(lambda: kept.renewal.is_asked_whose)
    await kept.other.end(secret)
    gate.set()
    assert not await slow


async def test_what_was_ended_elsewhere_is_remembered_for_as_long_as_it_matters(kept: Kept) -> None:
    here, before = await _begin(kept), kept.clock()
    await kept.one.end_others(ADA, but=here.row())
    assert await kept.other.was_ended_since(ADA, before)
    assert not await kept.other.was_ended_since(ADA, before + A_MOMENT)
    assert not await kept.other.was_ended_since(NAMESAKE, before)
    kept.later(IDLE)
    await kept.one.sweep()
    assert await kept.other.was_ended_since(ADA, before)
    kept.later(CLOCKS_DIFFER)
    await kept.one.sweep()
    assert not await kept.other.was_ended_since(ADA, before)
