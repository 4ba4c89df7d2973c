"""Sending it: several processes, each with a share of the requests, its own random numbers, and many in flight."""

import asyncio
import itertools
import multiprocessing
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import uvloop
from google.protobuf.message import Message

from tests.abuse.requests import bodies, envelopes
from tests.abuse.requests.envelopes import Target
from tests.abuse.requests.frames import frames
from tests.abuse.requests.http2 import Connection, Request
from tests.abuse.requests.in_json import around
from tests.abuse.requests.in_json import bodies as in_json_bodies
from tests.abuse.requests.in_json.calls import Call, call_of, http_calls
from tests.abuse.requests.messages import Messages, Things
from tests.abuse.requests.tally import Tally
from tests.abuse.requests.targets import Reach

_PROCESSES: Final = 2
_WORTH_PROCESSES: Final = 2_000
_IN_FLIGHT: Final = 40
_IN_FLIGHT_ALONE: Final = 8
# Seconds: more than any deadline that a request has, and how long one waits for a connection to be closed.
_PATIENCE: Final = 60.0
_CLOSES_WITHIN: Final = 0.25
# Of a hundred requests, how many have a wrong message, and how many are calls in JSON that are wrong; of the others,
# which share is wrong HTTP/2.
_BODIES: Final = 86
_IN_JSON: Final = 4
_FRAMES: Final = 0.05
# After how many others one in JSON is sent.
_AMONG: Final = 4
_SHORT: Final = b"500m"
DESTROY: Final = ("DestroyApp", "RevokeToken", "RemoveApp", "PurgeApp")
"""Methods that are called on what is not there: the others need what is."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is sent to what. Equal plans send the same, but for times."""

    reach: Reach
    things: Things
    requests: int
    seed: int


def attack(plan: Plan) -> Tally:
    """Send all of it and return what came back."""
    if plan.requests < _WORTH_PROCESSES:
        return _send(plan)
    tally = Tally()
    context = multiprocessing.get_context("spawn")
    shares = [
        replace(plan, requests=_share(plan.requests, number), seed=plan.seed + number) for number in range(_PROCESSES)
    ]
    with ProcessPoolExecutor(_PROCESSES, mp_context=context) as pool:
        for found in pool.map(_send, shares):
            tally.add(found)
    return tally


def _share(requests: int, number: int) -> int:
    return requests // _PROCESSES + (number < requests % _PROCESSES)


def _send(plan: Plan) -> Tally:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_Attacker(plan).run())


@dataclass(frozen=True)
class _Shot:
    """One request, or the bytes of one attack on a connection."""

    kind: str
    target: Target
    request: Request | bytes


def _woven(many: Iterator[_Shot], few: Iterator[_Shot]) -> Iterator[_Shot]:
    """All of both, some of the few among the many."""
    for number, shot in enumerate(many):
        yield shot
        if number % _AMONG == 0:
            yield from itertools.islice(few, 1)
    yield from few


class _Attacker:
    """Messages that are wrong share a connection to each place. What may end a connection has one of its own."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tally = Tally()
        self._targets = list(plan.reach.targets())
        self._connections: dict[tuple[str, int], Connection] = {}
        self._opening: dict[tuple[str, int], asyncio.Lock] = {}

    async def run(self) -> Tally:
        requests = self._plan.requests
        wrong_bodies, in_json = requests * _BODIES // 100, requests * _IN_JSON // 100
        shared = _woven(self._shots(wrong_bodies, self._body), self._bodies_in_json(in_json - in_json // 2))
        own = _woven(self._shots(requests - wrong_bodies - in_json, self._around), self._around_json(in_json // 2))
        workers = [self._work(shared, 0) for _ in range(_IN_FLIGHT)]
        workers += [self._work(own, number) for number in range(1, _IN_FLIGHT_ALONE + 1)]
        await asyncio.gather(*workers)
        for connection in self._connections.values():
            connection.close()
        return self._tally

    def _shots(self, count: int, make: Callable[[Target, Message, random.Random], _Shot]) -> Iterator[_Shot]:
        """So many, to each method in turn."""
        choice = random.Random(f"{self._plan.seed} {make.__name__}")
        messages = Messages(self._plan.things, choice)
        for number in range(count):
            method, target = self._targets[number % len(self._targets)]
            name, kind = method.descriptor.name, method.descriptor.input_type
            yield make(target, messages.of(kind, destroys=name in DESTROY), choice)

    def _body(self, target: Target, good: Message, choice: random.Random) -> _Shot:
        wrong = choice.choice(bodies.KINDS)
        return _Shot(wrong.__name__, target, target.request(wrong(good, choice)))

    def _around(self, target: Target, good: Message, choice: random.Random) -> _Shot:
        raw = good.SerializeToString()
        if choice.random() < _FRAMES:
            return _Shot(frames.__name__, target, frames(target, raw, choice))
        wrong = choice.choice(envelopes.KINDS)
        # A message that never ends is waited for as long as its sender says.
        hasty = target if target.is_stream else replace(target, deadline=_SHORT)
        return _Shot(wrong.__name__, hasty, wrong(hasty, raw, choice))

    def _bodies_in_json(self, count: int) -> Iterator[_Shot]:
        """So many, to each method in turn that has a body."""
        choice = random.Random(f"{self._plan.seed} bodies in JSON")
        for call in self._calls(count, choice, with_body=True):
            wrong = choice.choice(in_json_bodies.KINDS)
            yield _Shot(wrong.__name__, call.target, call.sent(wrong(call, choice)))

    def _around_json(self, count: int) -> Iterator[_Shot]:
        """So many, to each method in turn that is called in JSON."""
        choice = random.Random(f"{self._plan.seed} around JSON")
        for call in self._calls(count, choice, with_body=False):
            wrong = choice.choice(around.KINDS)
            yield _Shot(wrong.__name__, call.target, wrong(call, choice))

    def _calls(self, count: int, choice: random.Random, *, with_body: bool) -> Iterator[Call]:
        messages = Messages(self._plan.things, choice)
        chosen = [(name, http) for name, http in http_calls() if http.has_body or not with_body]
        for number in range(count):
            name, http = chosen[number % len(chosen)]
            good = messages.of(http.request, destroys=name in DESTROY)
            yield call_of(http, good, token=self._plan.reach.token)

    async def _work(self, shots: Iterator[_Shot], number: int) -> None:
        for shot in shots:
            if isinstance(shot.request, bytes):
                await self._break(shot, shot.request)
                continue
            connection = await self._connection(shot.target.place, number)
            try:
                answer = await connection.ask(shot.request, patience=_PATIENCE)
            except TimeoutError:
                self._tally.is_silent(shot.kind, shot.target.path)
                continue
            self._tally.count(shot.kind, shot.target.path, answer, mark=self._plan.things.mark)

    async def _connection(self, place: str, number: int) -> Connection:
        async with self._opening.setdefault((place, number), asyncio.Lock()):
            known = self._connections.get((place, number))
            if known is None or not known.usable:
                known = self._connections[place, number] = await self._plan.reach.connect(place)
            return known

    async def _break(self, shot: _Shot, raw: bytes) -> None:
        connection = await self._plan.reach.connect(shot.target.place)
        connection.write(raw)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(connection.closed), _CLOSES_WITHIN)
        self._tally.broke(shot.kind, closed=not connection.usable)
        connection.close()
