"""What every method of every server leaves in the audit log, allowed, denied and refused, is what the table has.

Covers: that each method has its rows and each row its events, no more and no fewer, with who did it, by which token of
whose making, for whom, to what and how it ended; and that a rule's action is the one of its rows. Leaves out what is
recorded of no call: drift, ends of overlaps, reminders, people's sessions (tests of these), and events that come too
late or twice when services die (tests/crash).
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import grpc
import pytest

from gateway.methods import contracts
from paaskit.access import rules_of
from paaskit.clock import utc_now
from paaskit.identity import HEADER, Identity, StoredToken
from tests.access import table as access
from tests.access.callers import EVERY_PERMISSION, Kind
from tests.access.house import House, Metadata
from tests.access.methods import Method, every_method
from tests.access.recorded.attempts import Attempt, attempts
from tests.access.recorded.notes import Notes
from tests.access.recorded.steps import ENDED, LATE, PERSON, TENANT, TOKEN, Known, Step
from tests.access.recorded.story import story
from tests.access.recorded.table import ALLOWED, DENIED, REFUSED, ROWS
from tests.access.recorded.told import ADA, CI, Nothing, Row, Told
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until

_ALLOWED_CODES = {
    DENIED: {"PERMISSION_DENIED", "UNAUTHENTICATED", "UNAVAILABLE"},
    # An exchange and a report are refused as if nobody was there.
    REFUSED: {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "UNAUTHENTICATED", "OK"},
}
# Refused by their contents, and told nothing of it.
_TELLS_NOTHING = {"ReportToken"}
_AT_ONCE = 16

Left = dict[tuple[str, str], list[list[Told]]]
"""The events of each time that a method was called so."""


@pytest.fixture(scope="module")
def notes(databases: Databases) -> Notes:
    return Notes(databases, {"c1": CI.token})


@pytest.fixture(scope="module")
async def left(house: House, notes: Notes, databases: Databases) -> Left:
    """What every way of every method left in the log."""
    found: Left = defaultdict(list)
    await _attempt_all(house, notes, found)
    await _live_through(house, notes, databases, found)
    return found


def test_every_method_that_is_served_has_its_rows() -> None:
    served = {method.path for method in every_method()} - access.NOBODY
    assert set(ROWS) == served
    for path, row in ROWS.items():
        assert {ALLOWED, DENIED, REFUSED} <= set(row), path


def test_every_row_is_brought_about() -> None:
    told = {(step.path, step.way) for step in story()} | {(each.method.path, each.way) for each in attempts()}
    assert told == {(path, way) for path, row in ROWS.items() for way in row}


def test_a_rule_names_the_action_of_its_rows() -> None:
    """And one that has none leaves no event of its own: what comes of an order is told of the order."""
    services = [service for file in contracts() for service in file.services_by_name.values()]
    for path, rule in rules_of(services, foreign={}).items():
        for row in (rows for held, rows in ROWS.items() if held == path):
            actions = {told.action for events in row.values() if not isinstance(events, Nothing) for told in events}
            if rule.action:
                assert rule.action in actions, path
            else:
                assert actions <= _of_no_own(path), path


def _of_no_own(path: str) -> set[str]:
    """What is left by what was asked for, not by asking."""
    if path.endswith("/AppendEvents"):
        return {"config.set"}
    return {"secrets.resolve", "releases.finish"} if path.endswith("/RequestReleases") else set()


@pytest.mark.parametrize("path", ROWS)
async def test_the_log_has_what_the_table_says(left: Left, path: str) -> None:
    for way, row in ROWS[path].items():
        assert left[path, way], way
        for told in left[path, way]:
            assert _words(told) == _words(_events(row)), f"{path} {way}"


def _events(row: Row) -> Sequence[Told]:
    return () if isinstance(row, Nothing) else row


def _words(events: Sequence[Told]) -> list[str]:
    return sorted(repr(each) for each in events)


async def _attempt_all(house: House, notes: Notes, found: Left) -> None:
    gate, made = asyncio.Semaphore(_AT_ONCE), list(attempts())
    wrong = await asyncio.gather(*(_fail(house, gate, attempt) for attempt in made))
    assert not any(wrong), "\n".join(filter(None, wrong))
    await notes.settled()
    by_tenant: dict[str, list[Told]] = {attempt.tenant: [] for attempt in made}
    for tenant, told in notes.new():
        by_tenant[tenant].append(told)
    for attempt in made:
        found[attempt.method.path, attempt.way].append(by_tenant[attempt.tenant])


async def _fail(house: House, gate: asyncio.Semaphore, attempt: Attempt) -> str:
    """Make an attempt; return what is wrong with how it ended, or nothing."""
    metadata: Metadata = ()
    if attempt.permissions is not None:
        # A token may make no trust at all, whatever it asks for.
        who = PERSON if (attempt.method.descriptor.name, attempt.way) == ("CreateTrust", REFUSED) else TOKEN
        metadata = _metadata(house, attempt.tenant, who, token_id="c1", permissions=attempt.permissions)
    async with gate:
        code = await _code(house, attempt.method, attempt.certificate, attempt.request, metadata)
    expected = _ALLOWED_CODES[attempt.way]
    if attempt.way == REFUSED and attempt.method.descriptor.name not in _TELLS_NOTHING:
        expected = expected - {"OK"}
    return "" if code in expected else f"{attempt.method.path} {attempt.way}: {code}"


async def _code(house: House, method: Method, certificate: str, request: Any, metadata: Metadata) -> str:
    try:
        await house.ask(method, Kind(certificate=certificate), request, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"


async def _live_through(house: House, notes: Notes, databases: Databases, found: Left) -> None:
    methods = {method.path: method for method in every_method()}
    known, late = Known(house), list[Told]()
    for step in story():
        await _take(house, methods[step.path], known, step)
        _learn_ids(known, notes, databases)
        await notes.settled()
        told = [each for _, each in notes.new()]
        late += [each for each in told if each.action == LATE]
        if step.way == ENDED:
            found[step.path, step.way].append(late)
        else:
            found[step.path, step.way].append([each for each in told if each.action != LATE])

    def came() -> bool:
        late.extend(each for _, each in notes.new())
        return bool(late)

    await until(came)


def _learn_ids(known: Known, notes: Notes, databases: Databases) -> None:
    rows = databases.look("tokens", "SELECT token_id, name, kind FROM tokens WHERE tenant = %s", (TENANT,))
    trusts = databases.look("tokens", "SELECT trust_id, name, 'pat' FROM trusts WHERE tenant = %s", (TENANT,))
    for identifier, name, kind in rows + trusts:
        called = name if kind == "pat" else ADA.token
        notes.tokens[identifier], known.ids[called] = called, identifier


async def _take(house: House, method: Method, known: Known, step: Step) -> None:
    request = step.request(known)
    metadata: Metadata = ()
    certificate = step.by
    if step.by in {PERSON, TOKEN}:
        certificate = "gateway"
        token = ADA.token if step.by == PERSON else CI.token
        metadata = _metadata(house, TENANT, step.by, token_id=known.ids[token], permissions=EVERY_PERMISSION)
    if step.metadata is not None:
        metadata = tuple(step.metadata(known, request))
    try:
        raw = await house.ask(method, Kind(certificate=certificate), request, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        if not step.refused:
            error.add_note(f"{step.path} {step.way}")
            raise
        return
    assert not step.refused, f"{step.path} {step.way} was not refused"
    if step.learn is not None:
        step.learn(known, step.answer.FromString(raw))


def _metadata(house: House, tenant: str, who: str, *, token_id: str, permissions: frozenset[str]) -> Metadata:
    now = utc_now()
    person = Identity(
        tenant=tenant,
        subject=ADA.actor,
        kind="user",
        permissions=permissions,
        apps=None,
        origin=StoredToken(token_id=token_id),
        client_address="203.0.113.9",
        ends_at=now + timedelta(seconds=60),
        expires_at=now + timedelta(seconds=60),
    )
    identity = person if who == PERSON else replace(person, subject=CI.actor, kind="pat", maker=CI.maker)
    return ((HEADER, house.signer.sign(identity, now=now)),)
