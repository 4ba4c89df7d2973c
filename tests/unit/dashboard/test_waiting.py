"""Calls that a thread waits for: what is asked again, what is not there, and that nobody is asked for who has left.

Leaves out the calls themselves (tests/e2e).
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from google.rpc import code_pb2
from paas.tokens.v1.tokens_pb2 import WhoAmIRequest, WhoAmIResponse

from dashboard.calls.refusals import Refusal
from dashboard.calls.waiting import Waiting
from transparency.failures import NotServed

T = TypeVar("T")
PATH = "/paas.tokens.v1.TokensService/WhoAmI"


class Gateway:
    """Answers after it has refused with each of some codes; it counts how often it was asked."""

    def __init__(self, *refusals: int) -> None:
        self.refusals = list(refusals)
        self.asked = 0

    async def ask(self, path: str, request: Any, answer: type[T], /) -> T:
        """Refuse, or answer."""
        self._refuse()
        return answer()

    async def file(self, path: str, /) -> bytes:
        """Refuse, or answer."""
        self._refuse()
        return b"content"

    def _refuse(self) -> None:
        self.asked += 1
        if self.refusals:
            raise Refusal(code=self.refusals.pop(0), sentence="No.")


async def waited(gateway: Gateway, work: Callable[[Waiting], T], *, pauses: list[float] | None = None) -> T:
    """What comes of work in a thread; `pauses` gets how long it slept."""
    slept: list[float] = [] if pauses is None else pauses
    waiting = Waiting(gateway, sleep=slept.append)
    return await asyncio.to_thread(work, waiting)


def read(waiting: Waiting) -> WhoAmIResponse:
    """Ask something."""
    return waiting.read(PATH, WhoAmIRequest(), WhoAmIResponse)


async def test_what_heals_is_asked_again_each_time_later() -> None:
    gateway, pauses = Gateway(code_pb2.UNAVAILABLE, code_pb2.RESOURCE_EXHAUSTED), list[float]()
    assert await waited(gateway, read, pauses=pauses) == WhoAmIResponse()
    assert gateway.asked == 3
    assert 0 < pauses[0] < pauses[1]


async def test_it_is_not_asked_for_ever() -> None:
    gateway = Gateway(*[code_pb2.UNAVAILABLE] * 100)
    with pytest.raises(Refusal, match="No"):
        await waited(gateway, read)
    assert gateway.asked == 4


async def test_what_is_refused_is_asked_once() -> None:
    gateway = Gateway(code_pb2.PERMISSION_DENIED)
    with pytest.raises(Refusal):
        await waited(gateway, read)
    assert gateway.asked == 1


async def test_what_is_not_there_is_none_or_not_served() -> None:
    def find(waiting: Waiting) -> WhoAmIResponse | None:
        return waiting.find(PATH, WhoAmIRequest(), WhoAmIResponse)

    assert await waited(Gateway(code_pb2.NOT_FOUND), find) is None
    assert await waited(Gateway(), find) == WhoAmIResponse()
    assert await waited(Gateway(), lambda waiting: waiting.file("tile/0/000")) == b"content"
    with pytest.raises(NotServed):
        await waited(Gateway(code_pb2.NOT_FOUND), lambda waiting: waiting.file("tile/0/000"))
    with pytest.raises(Refusal):
        await waited(Gateway(code_pb2.PERMISSION_DENIED), find)


async def test_nothing_is_asked_for_who_has_left() -> None:
    gateway = Gateway()
    waiting = Waiting(gateway)
    waiting.end()
    with pytest.raises(Refusal):
        await asyncio.to_thread(read, waiting)
    assert gateway.asked == 0
