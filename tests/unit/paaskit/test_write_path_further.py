"""Changes that look further than at what they are of: each sees what the others wrote that do so too.

Things are counted up here to what all of them come to, plus one: were two decided on one sum, it would stand twice.
"""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from paaskit.db import pool
from paaskit.releases import Releases
from paaskit.requests import RequestKey
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE
from tests.unit.paaskit.counter import Counter

_NAMES = ("one", "two", "three", "four")


@pytest.fixture
async def counter(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counter]:
    """Four things; who makes many changes waits for a connection as long as it takes."""
    monkeypatch.setattr(pool, "_WAIT_FOR_CONNECTION_SECONDS", PATIENCE)
    async with databases.open("config") as database, grpc.aio.insecure_channel("127.0.0.1:1") as nobody:
        path = WritePath(database, trail=Trail(database, nobody), releases=Releases(database, nobody))
        counter = Counter(database, databases, path)
        for name in _NAMES:
            counter.thing(name)
        yield counter


async def test_no_two_of_them_are_decided_on_the_same_state(counter: Counter) -> None:
    await asyncio.gather(*(counter.make(name, apart=True, sums=True) for name in _NAMES * 3))
    assert len(counter.decided) == len(set(counter.decided)) == 12


async def test_those_that_came_along_are_made_as_ever(counter: Counter) -> None:
    """Two that look no further share a transaction with one that does, and with it is begun again."""
    answers = await asyncio.gather(
        counter.make("one", apart=True),
        counter.make("two", apart=True, sums=True),
        counter.make("three", apart=True),
        counter.make("four", apart=True, sums=True),
    )
    assert [answers[0], answers[2]] == [{"number": 1}, {"number": 1}]
    assert {counter.numbers()[name] for name in ("one", "three")} == {1}
    assert len(counter.decided) == 4


async def test_an_equal_request_is_answered_without_looking_further(counter: Counter) -> None:
    key = RequestKey(request_id="request-1", subject="t1", method="count", fingerprint="f1")
    first = await counter.make(apart=True, sums=True, request=key)
    again = await asyncio.gather(*(counter.make(apart=True, sums=True, request=key) for _ in range(4)))
    assert again == [first] * 4
    assert len(counter.decided) == 1
