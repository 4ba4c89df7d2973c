"""Denials that repeat: the first is an event of its own before it is told, the rest are counted and told in one.

The clock is the test's. What is denied at all, and what an event of it says, is in test_denials.py.
"""

import asyncio
from dataclasses import dataclass, field, replace

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from paas.config.v1 import config_pb2

from paaskit.audit import DENIED, AuditEvent
from paaskit.errors import SlowDown, Unavailable
from paaskit.gate import denials
from paaskit.gate.denials import MOST_ANSWERED, MOST_KINDS, MOST_TARGETS, WINDOW_SECONDS, Denials
from tests.fixtures.waiting import until
from tests.unit.paaskit.gated import LIST_VARS, Gated

DENIAL = AuditEvent(
    tenant="acme",
    action="secrets.get",
    actor="pat:ci",
    app="web",
    app_id="a1",
    targets=["STRIPE"],
    outcome=DENIED,
    client_address="203.0.113.9",
    token_id="t1",
    maker="user:ada@example.com",
)


@dataclass
class Desk:
    """Denials with a clock and a record of the test's own."""

    now: float = 0.0
    events: list[AuditEvent] = field(default_factory=list)
    away: bool = False
    gate: asyncio.Event | None = None

    def __post_init__(self) -> None:
        self.denials = Denials(self.record, clock=lambda: self.now)

    async def record(self, event: AuditEvent) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.away:
            raise Unavailable("The database is away.")
        self.events.append(event)

    async def deny(self, **changes: object) -> bool:
        """Keep a denial; whether the caller is told of it, and not to slow down."""
        try:
            await self.denials.keep(replace(DENIAL, **changes))  # type: ignore[arg-type]  # a builder's defaults
        except SlowDown:
            return False
        return True

    async def pass_(self, seconds: float) -> None:
        self.now += seconds
        await self.denials.end_windows()

    def counted(self) -> list[int]:
        return [event.repeats for event in self.events]


@pytest.fixture
async def desk() -> Desk:
    return Desk()


async def test_the_first_is_an_event_and_1273_more_are_one(desk: Desk) -> None:
    for _ in range(1274):
        await desk.deny()
    assert desk.events == [replace(DENIAL, event_id=desk.events[0].event_id, occurred_at=desk.events[0].occurred_at)]
    await desk.pass_(WINDOW_SECONDS - 0.1)
    assert len(desk.events) == 1, "the window is not over"
    await desk.pass_(0.1)
    (first, rest) = desk.events
    assert (first.repeats, rest.repeats, rest.repeats_seconds) == (0, 1273, WINDOW_SECONDS)
    assert rest.event_id != first.event_id
    assert replace(rest, repeats=0, repeats_seconds=0) == replace(
        DENIAL, event_id=rest.event_id, occurred_at=rest.occurred_at
    )
    await desk.pass_(WINDOW_SECONDS)
    assert len(desk.events) == 2
    assert desk.denials._windows == {}, "nothing is kept of who has stopped"


async def test_a_lone_denial_leaves_one_event_and_the_next_window_begins_anew(desk: Desk) -> None:
    for _ in range(3):
        await desk.deny()
        await desk.pass_(WINDOW_SECONDS)
    assert desk.counted() == [0, 0, 0]


async def test_who_goes_on_is_one_event_a_window(desk: Desk) -> None:
    await desk.deny()
    for _ in range(5):
        for _ in range(30):
            await desk.deny()
        await desk.pass_(WINDOW_SECONDS)
    assert desk.counted() == [0, 30, 30, 30, 30, 30]


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "rival"},
        {"actor": "pat:other"},
        {"token_id": "t2"},
        {"action": "secrets.list"},
        {"app": "api"},
        {"client_address": "203.0.113.10"},
    ],
    ids=str,
)
async def test_what_differs_is_a_first_of_its_own(desk: Desk, change: dict[str, str]) -> None:
    for _ in range(2):
        await desk.deny()
        await desk.deny(**change)
    assert desk.counted() == [0, 0]
    await desk.pass_(WINDOW_SECONDS)
    assert desk.counted() == [0, 0, 1, 1]


async def test_names_of_the_repeats_are_kept_up_to_a_bound(desk: Desk) -> None:
    await desk.deny()
    for number in range(MOST_TARGETS + 5):
        await desk.deny(targets=["AGAIN", f"V{number}"])
    await desk.pass_(WINDOW_SECONDS)
    assert list(desk.events[0].targets) == ["STRIPE"]
    assert list(desk.events[1].targets) == ["AGAIN", *(f"V{number}" for number in range(MOST_TARGETS - 1))]


async def test_who_tries_many_apps_does_not_write_an_event_for_each(desk: Desk) -> None:
    for number in range(500):
        await desk.deny(app=f"app-{number}", app_id="")
    assert desk.counted() == [0] * (MOST_KINDS + 1)
    assert desk.events[-1].app == f"app-{MOST_KINDS}", "the first of the rest is told as it was"
    await desk.pass_(WINDOW_SECONDS)
    rest = desk.events[-1]
    assert (rest.repeats, rest.app, rest.client_address) == (500 - MOST_KINDS - 1, "", "")
    assert len(desk.events) == MOST_KINDS + 2


async def test_past_a_rate_the_caller_is_told_to_slow_down_and_others_are_not(desk: Desk) -> None:
    told = [await desk.deny() for _ in range(MOST_ANSWERED + 20)]
    assert told == [True] * MOST_ANSWERED + [False] * 20
    assert await desk.deny(token_id="t2")
    desk.now += 4
    with pytest.raises(SlowDown) as slow:
        await desk.denials.keep(DENIAL)
    assert slow.value.retry_after_seconds == WINDOW_SECONDS - 4
    await desk.pass_(WINDOW_SECONDS)
    assert await desk.deny()
    assert sum(event.repeats for event in desk.events) == MOST_ANSWERED + 20


async def test_nobody_is_told_before_the_first_is_on_record(desk: Desk) -> None:
    desk.gate = asyncio.Event()
    asked = [asyncio.create_task(desk.deny()) for _ in range(5)]
    await asyncio.sleep(0.01)
    assert not any(task.done() for task in asked)
    await desk.pass_(WINDOW_SECONDS)
    desk.gate.set()
    assert await asyncio.gather(*asked) == [True] * 5
    await desk.pass_(WINDOW_SECONDS)
    assert desk.counted() == [0, 4]


async def test_a_first_that_cannot_be_kept_is_told_as_such_to_all_who_wait_and_tried_again(desk: Desk) -> None:
    desk.away = True
    desk.gate = asyncio.Event()
    asked = [asyncio.create_task(desk.deny()) for _ in range(3)]
    await asyncio.sleep(0.01)
    desk.gate.set()
    assert [type(each) for each in await asyncio.gather(*asked, return_exceptions=True)] == [Unavailable] * 3
    desk.away = False
    await desk.deny()
    await desk.pass_(WINDOW_SECONDS)
    assert desk.counted() == [0], "who was told that it failed was not denied anything"


async def test_a_count_that_cannot_be_kept_is_kept_later(desk: Desk) -> None:
    for _ in range(3):
        await desk.deny(targets=["A"])
    desk.away = True
    await desk.pass_(WINDOW_SECONDS)
    await desk.deny(targets=["B"])
    desk.away = False
    await desk.pass_(1)
    assert desk.counted() == [0, 3]
    assert desk.events[0].token_id == "t1"
    assert list(desk.events[1].targets) == ["A", "B"]


async def test_a_server_that_stops_records_what_it_has_counted(desk: Desk) -> None:
    for _ in range(3):
        await desk.deny()
    await desk.denials.finish()
    assert desk.counted() == [0, 2]


async def test_windows_end_by_themselves(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denials, "_LOOK_EVERY_SECONDS", 0.01)
    for _ in range(3):
        await desk.deny()
    desk.now += WINDOW_SECONDS
    await until(lambda: desk.counted() == [0, 2])
    desk.now += WINDOW_SECONDS
    await until(lambda: not desk.denials._windows)


async def test_memory_is_bounded_and_then_each_is_an_event(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denials, "MOST_WINDOWS", 10)
    for number in range(15):
        for _ in range(2):
            await desk.deny(token_id=f"t{number}")
    assert len(desk.denials._windows) == 10
    assert len(desk.events) == 10 + 2 * 5


async def test_at_the_gate_it_is_resource_exhausted_with_the_time_to_wait(
    gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denials, "MOST_ANSWERED", 2)
    me = gated.signer.user(permissions=frozenset())
    raw = config_pb2.ListVarsRequest(app="web").SerializeToString()
    errors = [await gated.refused(LIST_VARS, raw, metadata=me) for _ in range(3)]
    assert [error.code() for error in errors] == [grpc.StatusCode.PERMISSION_DENIED] * 2 + [
        grpc.StatusCode.RESOURCE_EXHAUSTED
    ]
    status = rpc_status.from_call(errors[-1])
    assert status is not None
    retry = error_details_pb2.RetryInfo()
    assert status.details[1].Unpack(retry)
    assert 1 <= retry.retry_delay.seconds <= WINDOW_SECONDS
    assert len(gated.denials) == 1
    await gated.gate.finish()
    assert [event.repeats for event in gated.denials] == [0, 2]
