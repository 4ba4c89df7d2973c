"""Who is refused again and again is told so later, and few of their requests go on; nobody else notices.

Which refusals waited is read in the access log, where Envoy says so of each. Covers the gateway with fakes behind it.
Leaves out what it is for, other tenants' calls meanwhile (tests/abuse/neighbours).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import grpc
import pytest

from gateway.limits.bounds import MAX_WAITING_BYTES, STREAM_WINDOW
from gateway.listeners.local_replies import TOO_MANY
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.gateway.access_log import Log
from tests.integration.gateway.conftest import LIST_VARS, SIGNED_IN, Gateway
from tests.integration.gateway.floods import at_once, request_of

# What stands in gateway/sign_ins.lua.
_UNANSWERED: Final = 256
_SLOWED_AFTER: Final = 128
_MOST_WAIT: Final = 1024
_STREAMS: Final = 100  # on a connection; Envoy takes 128
_FRAME: Final = 5  # bytes of a message that is empty
_ONE_READ: Final = 32 * 1024  # Envoy stops reading after that which is one too many
_TOO_MANY: Final = "8"  # RESOURCE_EXHAUSTED
_TOLD_AT_ONCE, _TOLD_LATER = "FI", "DI,FI"


@pytest.fixture(autouse=True)
async def _nobody_is_slowed(gateway: Gateway) -> AsyncIterator[None]:
    """Whatever a test leaves is forgotten before the next one, of this file or another."""
    yield
    gateway.forget()
    await asyncio.sleep(2.1)


async def _told(gateway: Gateway, count: int, body: bytes = b"") -> Counter[str | None]:
    """What so many calls are told that are made at the same time with one credential; None for those that succeed."""
    told: Counter[str | None] = Counter()
    address, options = f"127.0.0.1:{gateway.base_port}", [("grpc.use_local_subchannel_pool", 1)]

    async def one(channel: grpc.aio.Channel) -> None:
        unary: Any = channel.unary_unary(LIST_VARS)
        try:
            await unary(body, metadata=[SIGNED_IN], timeout=PATIENCE)
            told[None] += 1
        except grpc.aio.AioRpcError as error:
            told[error.details()] += 1

    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(address, options=options))
            for _ in range(0, count, _STREAMS)
        ]
        await asyncio.gather(*(one(channels[index % len(channels)]) for index in range(count)))
    return told


async def _slowed(gateway: Gateway) -> None:
    """Have the credential of these tests be refused until it is slowed.

    It is so for two seconds at most. On a busy machine what is sent together comes in over more than that, so whoever
    looks for what a slowed one is told looks as often as it takes.
    """
    gateway.check.delay = 0.2
    calls, refused = [request_of(LIST_VARS, SIGNED_IN)] * (64 + 2 * _SLOWED_AFTER), 0
    async with asyncio.timeout(PATIENCE):
        while refused < _SLOWED_AFTER:
            answers = await at_once(gateway.base_port, calls)
            refused = sum(headers.get("grpc-status") == _TOO_MANY for _, headers in answers)
    gateway.check.delay = 0


async def test_the_first_refusals_are_told_at_once(gateway: Gateway) -> None:
    log = Log(gateway)
    gateway.check.delay = 0.2
    told: Counter[str | None] = Counter()
    async with asyncio.timeout(PATIENCE):
        while told[TOO_MANY] == 0:  # on a busy machine they may come in over more than a second, and all be let in
            told = await _told(gateway, 64 + _SLOWED_AFTER // 2)
    await until(lambda: log.flags()[_TOLD_AT_ONCE] >= told[TOO_MANY])
    assert log.flags()[_TOLD_LATER] == 0


async def test_those_after_many_are_told_later(gateway: Gateway) -> None:
    log = Log(gateway)
    gateway.check.delay = 0.2
    told, flags = Counter[str | None](), Counter[str]()
    async with asyncio.timeout(PATIENCE):
        while flags[_TOLD_LATER] == 0:  # as above
            told += await _told(gateway, 64 + 3 * _SLOWED_AFTER)
            flags = await log.of(told.total())
    assert flags[_TOLD_AT_ONCE] + flags[_TOLD_LATER] == told[TOO_MANY]
    assert flags[_TOLD_AT_ONCE] >= _SLOWED_AFTER
    assert flags[_TOLD_LATER] > 0


async def test_who_is_refused_by_a_service_is_slowed_too(gateway: Gateway) -> None:
    log = Log(gateway)
    gateway.check.holds_seconds = 0.9
    await gateway.call(LIST_VARS, SIGNED_IN)  # so that the gateway itself refuses nothing
    gateway.services["config"].abort_with = grpc.StatusCode.RESOURCE_EXHAUSTED
    async with asyncio.timeout(PATIENCE):
        while log.flags()[_TOLD_LATER] == 0:
            await _told(gateway, 3 * _SLOWED_AFTER)


async def test_few_of_a_slowed_credential_go_on(gateway: Gateway) -> None:
    told: Counter[str | None] = Counter()
    async with asyncio.timeout(PATIENCE):
        while told[TOO_MANY] == 0:
            gateway.check.holds_seconds = 0
            await _slowed(gateway)
            gateway.check.holds_seconds = 0.9
            await gateway.call(LIST_VARS, SIGNED_IN)
            # Fewer than may be under way, of somebody for whom tokens is not asked.
            told = await _told(gateway, _UNANSWERED - 16)
            assert told[None] == told.total() - told[TOO_MANY]


async def test_so_much_of_a_credential_is_under_way_and_no_more(gateway: Gateway) -> None:
    gateway.check.holds_seconds = 0.9
    await gateway.call(LIST_VARS, SIGNED_IN)
    gateway.services["config"].delay = 1.5
    told = await _told(gateway, 3 * _UNANSWERED)
    assert told[TOO_MANY] > 0


async def test_what_was_answered_is_not_under_way(gateway: Gateway) -> None:
    gateway.check.holds_seconds = 0.9
    await gateway.call(LIST_VARS, SIGNED_IN)
    # So few at once that tokens may be asked for all of them twice in a second, where it was once known who they are.
    for _ in range(12):
        assert await _told(gateway, 30) == {None: 30}


async def test_the_same_credential_at_another_address_is_not_slowed(gateway: Gateway) -> None:
    told: Counter[str | None] = Counter()
    async with asyncio.timeout(PATIENCE):
        while told[TOO_MANY] == 0:
            await _slowed(gateway)
            slowed = asyncio.create_task(_told(gateway, 200))
            for _ in range(20):
                status, headers, body = await gateway.raw(LIST_VARS, SIGNED_IN, source="127.0.0.2")
                assert (status, headers.get("grpc-status", "0")) == (200, "0")
                assert body
            told = await slowed


async def test_it_is_told_over_grpc_web_as_well(gateway: Gateway) -> None:
    refusals: list[Any] = []
    async with asyncio.timeout(PATIENCE):
        while not refusals:
            await _slowed(gateway)
            answers = await asyncio.gather(*(gateway.raw(LIST_VARS, SIGNED_IN) for _ in range(200)))
            refusals = [headers for _, headers, _ in answers if headers.get("grpc-status") == "8"]
    assert {status for status, _, _ in answers} == {200}
    assert {headers["content-type"] for headers in refusals} == {"application/grpc-web+proto"}
    assert {headers.get("grpc-message") for headers in refusals} == {TOO_MANY.lower()}


async def test_no_client_has_itself_or_another_refused(gateway: Gateway) -> None:
    log = Log(gateway)
    forged = [
        ("x-paas-refused", "yes"),
        ("x-envoy-fault-delay-request", "100"),
        ("x-envoy-fault-abort-grpc-request", "8"),
    ]
    await gateway.call(LIST_VARS, SIGNED_IN, *forged)
    await gateway.raw(LIST_VARS, SIGNED_IN, *forged)
    assert await log.of(2) == {"-": 2}


async def test_little_is_taken_of_a_request_that_waits(gateway: Gateway) -> None:
    log = Log(gateway)
    async with asyncio.timeout(PATIENCE):
        while not _received(log):
            await _slowed(gateway)
            await _told(gateway, _STREAMS, body=bytes(2 * STREAM_WINDOW))
    assert max(_received(log)) <= STREAM_WINDOW + _ONE_READ


async def test_little_is_taken_of_one_that_waits_over_http_1(gateway: Gateway) -> None:
    log = Log(gateway)

    async def large() -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):  # it is closed once it was refused
            await gateway.raw(LIST_VARS, SIGNED_IN, body=bytes(512 * 1024))

    async with asyncio.timeout(PATIENCE):
        while not _received(log):
            await _slowed(gateway)
            await asyncio.gather(*(large() for _ in range(_STREAMS)))
    # On a busy machine several reads were waiting when it stopped, of the 16 that the whole would be.
    assert max(_received(log)) <= MAX_WAITING_BYTES + 8 * _ONE_READ


def _received(log: Log) -> list[int]:
    """How many bytes were received of each request that waited, of those with a message that has any."""
    of_each = [line["bytes_received"] for line in log.lines() if line["flags"] == _TOLD_LATER]
    return [each for each in of_each if each > _FRAME]


@pytest.mark.thorough
async def test_so_many_wait_and_no_more(gateway: Gateway) -> None:
    """Three times as many as may begin to wait in a second come again and again: some are told at once all the same."""
    log = Log(gateway)

    async def repeat() -> None:
        while True:
            await _told(gateway, _STREAMS)

    await _slowed(gateway)
    coming = [asyncio.create_task(repeat()) for _ in range(0, 3 * _MOST_WAIT, _STREAMS)]
    try:
        # By then all are told that were refused before the credential was slowed.
        await until(lambda: log.flags()[_TOLD_LATER] >= 2 * _MOST_WAIT)
        log = Log(gateway)
        # On a busy machine so many come in some seconds and not in each.
        await until(lambda: log.flags()[_TOLD_AT_ONCE] > 0 or log.flags().total() >= 30 * _MOST_WAIT)
        assert log.flags()[_TOLD_AT_ONCE] > 0
    finally:
        for each in coming:
            each.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
