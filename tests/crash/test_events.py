"""120 times `kill -9` around a reveal, a set and a token's making: no effect without its event, and none twice.

Each has its time, in which nothing else is at work, so that the points of tests/crash/points are points of it: before
its event is written, at the commit, the moment after it and at random, at the service that does it and at audit, which
gets the event. PAAS_CRASH_KILLS_OF_EVENTS and PAAS_CRASH_SEED choose how many and which. Leaves out all else that
services do (test_kill).
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, LiteralString

import pytest
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paas_transport.rpc_error import RpcError
from tests.crash.balance import drained
from tests.crash.points import Point, installed, kill
from tests.crash.writers import Books, Desk, working
from tests.e2e.installation import Installation, Paas, as_superuser

KILLS: Final = int(os.environ.get("PAAS_CRASH_KILLS_OF_EVENTS", "120"))
SEED: Final = int(os.environ.get("PAAS_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
_AT_ONCE: Final = 4
_EVENTS: LiteralString = """
    SELECT event_id, request_id, outcome, array_to_string(targets, ' ') FROM events WHERE action = %s AND app = %s
    ORDER BY sequence"""
_GAPS: LiteralString = "SELECT tenant FROM events GROUP BY tenant HAVING count(*) <> max(sequence) - min(sequence) + 1"


@dataclass
class Served:
    """What clients were told: ids of events that answers named, and what was tried beside."""

    event_ids: list[str] = field(default_factory=list)
    tried: int = 0


Ask = Callable[[Desk, str, Served], Callable[[str], int]]


@dataclass(frozen=True, kw_only=True)
class Act:
    """What is done without pause: by which service, as which action, and how to ask for it."""

    kind: str
    service: str
    action: str
    ask: Ask
    of_app: bool = True


def _reveal(desk: Desk, name: str, served: Served) -> Callable[[str], int]:
    def ask(_: str) -> int:
        served.tried += 1
        request = secrets_pb2.RevealSecretRequest(app=desk.app, name="SEED")
        path, answer = "/paas.secrets.v1.SecretsService/RevealSecret", secrets_pb2.RevealSecretResponse
        told = desk.channel.unary(path, request, answer=answer, repeatable=False, timeout=5)
        assert told.value == "1"
        served.event_ids.append(told.audit_event_id)
        return 0

    return ask


def _set(desk: Desk, name: str, served: Served) -> Callable[[str], int]:
    served.tried += 1
    return desk.seal(f"S{name}", str(served.tried))


def _make(desk: Desk, name: str, served: Served) -> Callable[[str], int]:
    """How to make a token, each under its own name. One whose text got lost is made all the same, and named."""
    served.tried += 1
    full = f"events-{name}-{desk.app}-{served.tried}"

    def ask(request_id: str) -> int:
        request = tokens_pb2.CreateTokenRequest(request_id=request_id, name=full, permissions=["apps.read"])
        path, answer = "/paas.tokens.v1.TokensService/CreateToken", tokens_pb2.CreateTokenResponse
        try:
            told = desk.channel.unary(path, request, answer=answer, repeatable=False, timeout=5)
        except RpcError as error:
            if error.code_name != "ALREADY_EXISTS":
                raise
        else:
            served.event_ids.append(told.audit_event_id)
        return 0

    return ask


ACTS: Final = (
    Act(kind="reveal", service="secrets", action="secrets.get", ask=_reveal),
    Act(kind="set", service="secrets", action="secrets.set", ask=_set),
    Act(kind="token", service="tokens", action="tokens.create", ask=_make, of_app=False),
)


@pytest.mark.timeout(3600)
def test_nothing_is_done_or_served_without_its_one_event(installation: Installation, ada: Paas) -> None:
    kill_around_events(installation, ada, kills=KILLS, seed=SEED)


def kill_around_events(installation: Installation, ada: Paas, *, kills: int, seed: int) -> None:
    """Kill `kills` times, a third of them around each act, and compare. Raises AssertionError."""
    choice = random.Random(seed)
    for act in ACTS:
        app = installation.new_app(ada, instances=0)
        app.ok("secrets:set", "SEED=1")
        plan = [(service, point) for point in Point for service in (act.service, "audit")]
        choice.shuffle(plan)
        came: Counter[str] = Counter()
        with installed(installation.stack), _at_it(app, act) as (books, served):
            for index in range(kills // len(ACTS)):
                service, point = plan[index % len(plan)]
                came[f"{service} {point}"] += kill(installation.stack, service, point, choice=choice)
        done = f"{len(books.acknowledged)} acknowledged, {len(books.asked_again)} tries again"
        print(f"\n{kills // len(ACTS)} kills around a {act.kind}, seed {seed}: {done}; where they died: {dict(came)}")
        _compare(installation, app, act, books, served)


@contextmanager
def _at_it(app: Paas, act: Act) -> Iterator[tuple[Books, Served]]:
    served = Served()

    def without_pause(desk: Desk, name: str) -> None:
        while not desk.stop.is_set():
            if not desk.until_acknowledged(act.kind, name, "", act.ask(desk, name, served)):
                return

    with working([(without_pause, app, str(number)) for number in range(_AT_ONCE)]) as books:
        yield books, served


def _compare(installation: Installation, app: Paas, act: Act, books: Books, served: Served) -> None:
    stack = installation.stack
    assert books.unexpected == []
    assert books.acknowledged
    drained(stack)
    name = app.environment["PAAS_APP"]
    rows = as_superuser(stack, "audit", _EVENTS, act.action, name if act.of_app else "")
    if not act.of_app:
        rows = [row for row in rows if f"-{name}-" in row[3]]
    seen = Counter(event_id for event_id, *_ in rows)
    assert [each for each, count in seen.items() if count > 1] == [], "an event is there twice"
    assert [each for each in served.event_ids if each not in seen] == [], "something was served without its event"
    assert len(served.event_ids) == len(set(served.event_ids)), "two answers name one event"
    assert {outcome for _, _, outcome, _ in rows} == {1}
    if act.kind == "reveal":
        # One whose answer was lost may have been recorded all the same.
        assert len(served.event_ids) == len(books.acknowledged)
        assert len(books.acknowledged) <= len(rows) <= served.tried
    else:
        told = Counter(request_id for _, request_id, _, _ in rows)
        assert [told[entry.request_id] for entry in books.acknowledged] == [1] * len(books.acknowledged)
        # All but the first, which made the app's secret.
        assert len(rows) == len(books.acknowledged) + (act.kind == "set")
    assert as_superuser(stack, "audit", _GAPS) == []
