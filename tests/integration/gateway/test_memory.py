"""Sign-ins from the gateway's memory: how long they hold, for whom, and that what is not known for sure is asked for.

Leaves out how tokens waits for them when something is revoked (tests/integration/tokens, tests/abuse).
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import grpc
import pytest

from tests.fixtures.waiting import PATIENCE, until
from tests.integration.gateway.access_log import Log
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway
from tests.integration.gateway.fakes import IDENTITY

HOLDS = 0.9


@pytest.fixture(autouse=True)
async def _nothing_is_remembered(gateway: Gateway) -> AsyncIterator[None]:
    """Whatever a test leaves has ended before the next one, of this file or another."""
    yield
    gateway.check.holds_seconds, gateway.check.delay = None, 0
    await gateway.all_back()
    await asyncio.sleep(1.05)


async def _while_held(gateway: Gateway, work: Callable[[], Awaitable[None]]) -> None:
    """Have Check's answers hold for HOLDS and do `work`, again where the machine took longer than that for it."""
    while True:
        gateway.check.holds_seconds = HOLDS
        began = time.monotonic()
        await work()
        if time.monotonic() - began < HOLDS:
            return
        await asyncio.sleep(1.05)
        gateway.forget()


def _identities(gateway: Gateway) -> list[str]:
    return [arrival.metadata["x-paas-identity"] for arrival in gateway.services["config"].arrivals]


async def test_who_was_let_in_is_let_in_again_unasked(gateway: Gateway) -> None:
    async def ten_calls() -> None:
        for _ in range(10):
            await gateway.call(LIST_VARS, SIGNED_IN)

    await _while_held(gateway, ten_calls)
    assert len(gateway.check.requests) == 1
    assert _identities(gateway) == [IDENTITY] * 10
    for arrival in gateway.services["config"].arrivals:
        assert "authorization" not in arrival.metadata


async def test_what_has_ended_is_asked_for_again(gateway: Gateway) -> None:
    gateway.check.holds_seconds = 0.2
    await gateway.call(LIST_VARS, SIGNED_IN)
    await asyncio.sleep(0.25)
    gateway.check.identity = "signed-anew"
    await gateway.call(LIST_VARS, SIGNED_IN)
    assert _identities(gateway) == [IDENTITY, "signed-anew"]
    assert len(gateway.check.requests) == 2


async def test_time_counts_from_before_tokens_was_asked(gateway: Gateway) -> None:
    gateway.check.holds_seconds, gateway.check.delay = 0.3, 0.4
    await gateway.call(LIST_VARS, SIGNED_IN)
    await gateway.call(LIST_VARS, SIGNED_IN)
    assert len(gateway.check.requests) == 2, "the first answer was over when it came"


@pytest.mark.parametrize("holds", [None, 0.0, -1.0, 1.01, 3600.0])
async def test_what_does_not_hold_is_not_remembered(gateway: Gateway, holds: float | None) -> None:
    gateway.check.holds_seconds = holds
    for _ in range(2):
        await gateway.call(LIST_VARS, SIGNED_IN)
    assert len(gateway.check.requests) == 2


async def test_a_forged_identity_gets_nobody_further(gateway: Gateway) -> None:
    async def two_calls() -> None:
        await gateway.call(LIST_VARS, SIGNED_IN)
        await gateway.call(LIST_VARS, SIGNED_IN, ("x-paas-identity", "forged"))

    await _while_held(gateway, two_calls)
    assert _identities(gateway) == [IDENTITY] * 2
    assert len(gateway.check.requests) == 1
    for metadata in ((), (("x-paas-identity", IDENTITY),), (("authorization", "Bearer bad"),)):
        code, _ = await gateway.refusal(LIST_VARS, *metadata)
        assert code is grpc.StatusCode.UNAUTHENTICATED
    assert len(gateway.check.requests) == 4


async def test_another_spelling_of_the_header_is_another_credential(gateway: Gateway) -> None:
    gateway.check.holds_seconds = HOLDS
    await gateway.call(LIST_VARS, SIGNED_IN)
    name, text = SIGNED_IN
    for metadata in (((name, text), (name, text)), ((name, text), (name, "x")), ((name, f"{text},{text}"),)):
        code, _ = await gateway.refusal(LIST_VARS, *metadata)
        assert code is grpc.StatusCode.UNAUTHENTICATED
    assert len(gateway.services["config"].arrivals) == 1


async def test_another_address_is_another_identity(gateway: Gateway) -> None:
    async def from_two_addresses() -> None:
        for source in ("127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.1"):
            await gateway.raw(LIST_VARS, SIGNED_IN, source=source)

    await _while_held(gateway, from_two_addresses)
    asked = [request.attributes.source.address.socket_address.address for request in gateway.check.requests]
    assert asked == ["127.0.0.1", "127.0.0.2"]


async def test_who_was_not_let_in_is_asked_for_each_time(gateway: Gateway) -> None:
    gateway.check.holds_seconds = HOLDS
    for _ in range(2):
        code, _ = await gateway.refusal(LIST_VARS, ("authorization", "Bearer bad"))
        assert code is grpc.StatusCode.UNAUTHENTICATED
    assert len(gateway.check.requests) == 2


async def test_without_tokens_nobody_enters_once_what_was_known_has_ended(gateway: Gateway) -> None:
    gateway.check.holds_seconds = 0.4
    await gateway.call(LIST_VARS, SIGNED_IN)
    async with gateway.without("tokens"):
        await asyncio.sleep(0.5)
        code, headers = await gateway.refusal(LIST_VARS, SIGNED_IN)
        assert (code, headers["x-paas-unavailable"]) == (grpc.StatusCode.UNAVAILABLE, "tokens")


async def _ends(
    gateway: Gateway, *metadata: tuple[tuple[str, str], ...], seen: Counter[grpc.StatusCode] | None = None
) -> Counter[grpc.StatusCode]:
    """How calls end that are made at the same time, one for each metadata; `seen` has those that have ended already."""
    ends: Counter[grpc.StatusCode] = Counter() if seen is None else seen
    address, options = f"127.0.0.1:{gateway.base_port}", [("grpc.use_local_subchannel_pool", 1)]

    async def one(channel: grpc.aio.Channel, mine: tuple[tuple[str, str], ...]) -> None:
        unary: Any = channel.unary_unary(LIST_VARS)
        try:
            await unary(b"", metadata=mine, timeout=PATIENCE)
            ends[grpc.StatusCode.OK] += 1
        except grpc.aio.AioRpcError as error:
            ends[error.code()] += 1

    async with AsyncExitStack() as stack:
        # As many as are under way at once: a connection has 128 streams.
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(address, options=options))
            for _ in range(0, len(metadata), 100)
        ]
        await asyncio.gather(*(one(channels[index // 100], mine) for index, mine in enumerate(metadata)))
    return ends


async def test_tokens_is_asked_so_often_for_one_credential_and_no_more(gateway: Gateway) -> None:
    while True:
        # What has ended when it comes is not remembered, so tokens is asked for each of them.
        gateway.check.holds_seconds, gateway.check.delay = HOLDS, 1.2
        log = Log(gateway)
        ends = await _ends(gateway, *[(SIGNED_IN,)] * 100)
        await log.of(100)
        began = [datetime.fromisoformat(line["time"]) for line in log.lines()]
        if max(began) - min(began) < timedelta(seconds=0.9):
            break
        # On a busy machine they came in over more than the second that they are counted in.
        await asyncio.sleep(1.05)
        gateway.forget()
    assert ends == {grpc.StatusCode.OK: 64, grpc.StatusCode.RESOURCE_EXHAUSTED: 36}
    assert len(gateway.check.requests) == 64


async def test_who_is_known_is_not_held_up_by_strangers_from_the_same_address(gateway: Gateway) -> None:
    gateway.check.holds_seconds = 0.3
    await gateway.call(LIST_VARS, SIGNED_IN)

    async def are_refused() -> bool:
        # More than tokens is asked for an address, and fewer than are slowed, who are told only in another second.
        ends = await _ends(gateway, *((("authorization", f"Bearer {number}"),) for number in range(320)))
        return ends[grpc.StatusCode.RESOURCE_EXHAUSTED] > 0

    await until(are_refused)  # on a busy machine so many take longer than the second that they are counted in
    await asyncio.sleep(0.3)  # what was known has ended, and is asked for again
    await gateway.call(LIST_VARS, SIGNED_IN)


async def test_one_credential_over_its_limit_takes_nothing_from_others_at_its_address(gateway: Gateway) -> None:
    gateway.check.delay = 0.5
    seen: Counter[grpc.StatusCode] = Counter()
    flood = asyncio.create_task(_ends(gateway, *[(SIGNED_IN,)] * 600, seen=seen))
    await until(lambda: seen[grpc.StatusCode.RESOURCE_EXHAUSTED] >= 100)
    await asyncio.sleep(0.2)  # so that the rest has come too; it waits to be refused
    ends = await _ends(gateway, *((("authorization", f"Bearer {number}"),) for number in range(10)))
    assert ends == {grpc.StatusCode.UNAUTHENTICATED: 10}
    await flood
