"""Tokens from memory: how long they are remembered, and that a revocation that was answered is never missed.

The clock is the test's. Real processes are in tests/integration/tokens/test_replicas.py.
"""

import asyncio
import random
from dataclasses import replace

import pytest

from paaskit.errors import Unavailable
from services.tokens.check import leases
from services.tokens.check.leases import LEASE_SECONDS, LeasedTokens
from services.tokens.token import Token
from tests.integration.tokens.builders import token_of

DIGEST = b"d" * 32


class Table:
    """A database of tokens that is slow on demand, and counts."""

    def __init__(self) -> None:
        self.tokens: dict[bytes, Token] = {DIGEST: token_of()}
        self.asked = 0
        self.now = 1000.0
        self.gate: asyncio.Event | None = None
        self.fails = False
        self.leased = LeasedTokens(self.find, clock=lambda: self.now)

    async def find(self, digest: bytes) -> Token | None:
        self.asked += 1
        token = self.tokens.get(digest)
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise Unavailable("Away.")
        return token

    def revoke(self) -> None:
        self.tokens[DIGEST] = replace(self.tokens[DIGEST], revoked_at=self.tokens[DIGEST].created_at)


async def is_good(table: Table) -> bool:
    held = await table.leased.find(DIGEST)
    assert held is not None
    return held.token.revoked_at is None


async def begun() -> None:
    """Let what was started come to where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_hot_token_is_asked_for_once_a_second() -> None:
    table = Table()
    for _ in range(100):
        assert await is_good(table)
    assert table.asked == 1
    table.now += LEASE_SECONDS - 0.001
    assert await is_good(table)
    table.now += 0.001
    assert await is_good(table)
    assert table.asked == 2


async def test_requests_at_once_share_a_look_up() -> None:
    table = Table()
    table.gate = asyncio.Event()
    asking = [asyncio.create_task(table.leased.find(DIGEST)) for _ in range(50)]
    await asyncio.sleep(0)
    table.gate.set()
    assert len({await each for each in asking}) == 1
    assert table.asked == 1


async def test_what_is_not_there_and_what_failed_is_asked_for_again() -> None:
    table = Table()
    assert await table.leased.find(b"other") is None
    assert await table.leased.find(b"other") is None
    table.fails = True
    for _ in range(2):
        with pytest.raises(Unavailable):
            await table.leased.find(DIGEST)
    table.fails = False
    assert await is_good(table)
    assert table.asked == 5


async def test_a_lease_counts_from_before_the_database_was_asked() -> None:
    """A look-up that saw the token as it was before may come back long after."""
    table = Table()
    table.gate = asyncio.Event()
    slow = asyncio.create_task(is_good(table))
    await begun()
    table.revoke()
    table.now += LEASE_SECONDS  # the revocation is answered
    table.gate.set()
    assert await slow, "it was asked before that"
    assert not await is_good(table)


async def test_nobody_joins_a_look_up_from_before_a_revocation_that_was_answered() -> None:
    table = Table()
    table.gate = asyncio.Event()
    slow = asyncio.create_task(is_good(table))
    await begun()
    table.revoke()
    table.now += LEASE_SECONDS
    late = asyncio.create_task(is_good(table))
    await begun()
    table.gate.set()
    assert await slow
    assert not await late
    assert not await is_good(table), "what came back last does not count, what began last does"


async def test_a_late_look_up_does_not_replace_a_newer_one() -> None:
    table = Table()
    slow_gate = table.gate = asyncio.Event()
    slow = asyncio.create_task(is_good(table))
    await begun()
    table.now += LEASE_SECONDS
    table.gate = None
    assert await is_good(table)
    slow_gate.set()
    assert await slow
    asked = table.asked
    assert await is_good(table)
    assert table.asked == asked, "the newer one is still remembered"


async def test_a_caller_that_goes_away_takes_nobody_along() -> None:
    table = Table()
    table.gate = asyncio.Event()
    first, second = [asyncio.create_task(table.leased.find(DIGEST)) for _ in range(2)]
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    table.gate.set()
    assert await second is not None
    assert table.asked == 1


async def test_what_is_over_is_forgotten() -> None:
    table = Table()
    for number in range(1000):
        table.tokens[str(number).encode()] = token_of()
        await table.leased.find(str(number).encode())
        table.now += 0.01
    assert len(table.leased._leases) <= 2 * LEASE_SECONDS / 0.01 + 1


async def test_outlasting_takes_longer_than_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await leases.outlast()
    assert sum(waited) >= 1.05 * LEASE_SECONDS


@pytest.mark.parametrize("seed", range(20))
async def test_after_its_answer_a_revocation_is_known_whatever_came_in_between(seed: int) -> None:
    """Look-ups that take any time, on three replicas, round a revocation at any moment."""
    chance = random.Random(seed)
    table = Table()
    replicas = [LeasedTokens(table.find, clock=lambda: table.now) for _ in range(3)]
    answered_at = float("inf")
    wrong: list[float] = []

    async def ask(replica: LeasedTokens) -> None:
        began = table.now
        held = await replica.find(DIGEST)
        if began >= answered_at and (held is None or held.token.revoked_at is None):
            wrong.append(began)

    asking: list[asyncio.Task[None]] = []
    for turn in range(400):
        table.now += chance.choice([0.0, 0.005, 0.01, 0.2 if chance.random() < 0.1 else 0.0])
        asking.append(asyncio.create_task(ask(chance.choice(replicas))))
        if chance.random() < 0.2:
            table.gate, gate = (asyncio.Event() if chance.random() < 0.5 else None), table.gate
            if gate is not None:
                gate.set()
        if turn == 150:
            table.revoke()
            committed_at = table.now
        if turn > 150 and answered_at == float("inf") and table.now >= committed_at + LEASE_SECONDS:
            answered_at = table.now
        await asyncio.sleep(0)
    if table.gate is not None:
        table.gate.set()
    await asyncio.gather(*asking)
    assert answered_at < float("inf")
    assert wrong == []
