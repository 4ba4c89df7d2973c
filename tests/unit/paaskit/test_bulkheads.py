"""What one token and one tenant may have under way at once: counted from the headers on, given back however it ends.

Covers: requests and streams of a token, a tenant and all, turns of one tenant, other tenants meanwhile, services, calls
whose message does not come, calls that are cancelled. Leaves out what it does for latency (tests/abuse).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.gate import Shares, interceptor
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until
from tests.unit.paaskit.gated import LIST_VARS, RESOLVE_APP, SET_VARS, WATCH, Gated, gated_server

WEB = config_pb2.ListVarsRequest(app="web").SerializeToString()
WATCHED = releaser_pb2.WatchReleaseRequest(app="web", number=1).SerializeToString()
SHARES = Shares(
    requests=12,
    requests_of_tenant=8,
    requests_of_token=6,
    at_work_of_method=2,
    large_of_tenant=1,
    streams=5,
    streams_of_tenant=3,
    streams_of_token=2,
)


@pytest.fixture
async def small(tls: Certificates) -> AsyncIterator[Gated]:
    """A server with small shares whose methods wait until `release` is set."""
    async with gated_server(tls, shares=SHARES) as gated:
        yield gated


class Held:
    """What every method does: wait until it may go on; `at_work` is how many do now, `most` how many ever did."""

    def __init__(self, gated: Gated) -> None:
        self.go = asyncio.Event()
        self.at_work = self.most = 0
        gated.work = self.work

    async def work(self, answer: Any) -> Any:
        """Wait."""
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        try:
            await self.go.wait()
        finally:
            self.at_work -= 1
        return answer


@asynccontextmanager
async def _asking(gated: Gated, *who: Any, path: str = LIST_VARS) -> AsyncIterator[list["asyncio.Task[str]"]]:
    """Calls under way, one for each metadata given; each task gives the name of the code that it ended with."""
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:

        async def ask(metadata: Any) -> str:
            try:
                method: Any = channel.unary_unary(path)
                await method(WEB, metadata=metadata, timeout=PATIENCE)
            except grpc.aio.AioRpcError as error:
                return error.code().name
            return "OK"

        tasks = [asyncio.create_task(ask(metadata)) for metadata in who]
        yield tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ended(tasks: Sequence["asyncio.Task[str]"], code: str) -> int:
    return sum(task.done() and task.result() == code for task in tasks)


async def test_a_token_over_its_share_is_refused_and_others_are_not(small: Gated) -> None:
    held = Held(small)
    one, other = small.signer.user(token_id="t1"), small.signer.user(token_id="t2")
    async with _asking(small, *[one] * 9, *[other] * 2) as tasks:
        await until(lambda: _ended(tasks, "RESOURCE_EXHAUSTED") == 3)
        error = await small.refused(LIST_VARS, WEB, metadata=other)
        assert "Your tenant has too many requests at once" in error.details(), "8 of the tenant are under way"
        held.go.set()
        await until(lambda: _ended(tasks, "OK") == 8)
    await small.call(LIST_VARS, WEB, metadata=one)


async def test_a_token_over_its_share_is_told_so_while_its_tenant_has_room(small: Gated) -> None:
    held = Held(small)
    one, other = small.signer.user(token_id="t1"), small.signer.user(token_id="t2")
    async with _asking(small, *[one] * 7) as tasks:
        await until(lambda: _ended(tasks, "RESOURCE_EXHAUSTED") == 1)
        error = await small.refused(LIST_VARS, WEB, metadata=one)
        assert "This token has too many requests at once" in error.details()
        async with _asking(small, *[other] * 2) as others:
            held.go.set()
            await until(lambda: (_ended(tasks, "OK"), _ended(others, "OK")) == (6, 2))


async def test_what_is_refused_says_when_to_try_again(small: Gated) -> None:
    held = Held(small)
    me = small.signer.user(token_id="t1")
    async with _asking(small, *[me] * 6):
        await until(lambda: len(small.requests) == 2)
        error = await small.refused(LIST_VARS, WEB, metadata=me)
        held.go.set()
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.details() == "This token has too many requests at once. Nothing was done; try again in a moment."
    status = rpc_status.from_call(error)
    assert status is not None
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    assert [detail.Unpack(info) or detail.Unpack(retry) for detail in status.details] == [True, True]
    assert (info.reason, retry.retry_delay.ToMilliseconds()) == ("TOO_MANY_REQUESTS", 500)


async def test_a_tenant_has_some_at_work_and_the_rest_wait_in_order_without_holding_others_up(small: Gated) -> None:
    held = Held(small)
    acme, rival = small.signer.user(), small.signer.user(tenant="rival")
    async with _asking(small, *[acme] * 5, rival) as tasks:
        await until(lambda: held.at_work == 3)
        await asyncio.sleep(0.05)
        assert len(small.requests) == 3, "two of acme's, and the rival's in spite of the three that wait"
        held.go.set()
        await until(lambda: _ended(tasks, "OK") == 6)
    assert held.most == 3


async def test_calls_that_wait_hold_up_no_other_method_of_their_tenant(small: Gated) -> None:
    held = Held(small)
    me = small.signer.user()
    async with _asking(small, *[me] * 4, path=SET_VARS), _asking(small, me):
        await until(lambda: held.at_work == 3)
        held.go.set()


async def test_of_large_messages_one_is_read_at_a_time_and_small_ones_pass_them(small: Gated) -> None:
    held = Held(small)
    large = config_pb2.SetVarsRequest(vars=[config_pb2.Assignment(name=f"N{n}", value="v" * 700) for n in range(100)])
    raw = large.SerializeToString()
    assert len(raw) > interceptor._LARGE_BYTES
    setting = [asyncio.create_task(small.call(SET_VARS, raw)) for _ in range(3)]
    await until(lambda: held.at_work == 1)
    listing = asyncio.create_task(small.call(LIST_VARS, WEB))
    rivals = asyncio.create_task(small.call(SET_VARS, raw, metadata=small.signer.user(tenant="rival")))
    await until(lambda: held.at_work == 3)
    await asyncio.sleep(0.05)
    assert len(small.requests) == 3, "one of the large ones, what is small, and another tenant's"
    held.go.set()
    await asyncio.gather(*setting, listing, rivals)


async def test_a_large_message_that_is_denied_is_not_read_for_its_names(small: Gated) -> None:
    named = config_pb2.SetVarsRequest(app="web", vars=[config_pb2.Assignment(name="A", value="v" * 300_000)])
    me = small.signer.user(permissions=frozenset())
    error = await small.refused(SET_VARS, named.SerializeToString(), metadata=me)
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    (event,) = small.denials
    assert (event.action, event.app, list(event.targets)) == ("config.set", "", [])


async def test_all_tenants_together_have_no_more_than_the_service_bears(small: Gated) -> None:
    held = Held(small)
    who = [small.signer.user(tenant=f"of-{number}", token_id=f"t{number}") for number in range(13)]
    async with _asking(small, *who) as tasks:
        await until(lambda: len(small.requests) == 12 and _ended(tasks, "RESOURCE_EXHAUSTED") == 1)
        held.go.set()


async def test_services_are_not_counted(small: Gated) -> None:
    held = Held(small)
    users = [small.signer.user(tenant=f"of-{number}", token_id=f"t{number}") for number in range(12)]
    request = config_pb2.ResolveAppRequest(tenant="acme", app="web").SerializeToString()
    carried = small.signer.user(tenant="acme")
    async with _asking(small, *users):
        await until(lambda: held.at_work == 12)
        calls = [
            asyncio.create_task(small.call(RESOLVE_APP, request, metadata=metadata, caller="secrets"))
            for _ in range(10)
            for metadata in ((), carried)
        ]
        await until(lambda: held.at_work == 32)
        held.go.set()
        await asyncio.gather(*calls)


async def test_places_are_given_back_by_calls_that_are_cancelled(small: Gated) -> None:
    held = Held(small)
    me = small.signer.user(token_id="t1")
    for _ in range(3):
        async with _asking(small, *[me] * 6) as tasks:
            await until(lambda: held.at_work == 2)
            for task in tasks:
                task.cancel()
        held.go.set()
        await until(lambda: held.at_work == 0)
        held.go.clear()
    held.go.set()
    async with _asking(small, *[me] * 6) as tasks:
        await until(lambda: _ended(tasks, "OK") == 6)


async def test_a_call_whose_message_does_not_come_holds_its_place_for_a_moment_only(
    small: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interceptor, "_MESSAGE_WITHIN_SECONDS", 0.2)
    me = small.signer.user(token_id="t1")
    async with small.tls.channel(small.address, service="config", caller="gateway") as channel:
        calls: list[Any] = [channel.stream_unary(LIST_VARS)(metadata=me, timeout=PATIENCE) for _ in range(6)]
        ends = [(await call.code(), await call.details()) for call in calls]
    # In the words of the server: the caller's own deadline says something else.
    assert ends == [(grpc.StatusCode.DEADLINE_EXCEEDED, "The request did not come in time.")] * 6
    assert small.requests == []
    await small.call(LIST_VARS, WEB, metadata=me)


async def test_who_may_not_is_told_without_a_message(small: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interceptor, "_NAMES_WITHIN_SECONDS", 0.05)
    me = small.signer.user(permissions=frozenset())
    async with small.tls.channel(small.address, service="config", caller="gateway") as channel:
        for path, opened in ((LIST_VARS, channel.stream_unary), (WATCH, channel.stream_stream)):
            call: Any = opened(path)(metadata=me, timeout=PATIENCE)
            assert await call.code() is grpc.StatusCode.PERMISSION_DENIED, path
    assert [(event.action, event.app, list(event.targets)) for event in small.denials] == [
        ("config.list", "", []),
        ("releases.watch", "", []),
    ]


async def test_streams_have_shares_of_their_own(small: Gated) -> None:
    held = Held(small)
    one, other = small.signer.user(token_id="t1"), small.signer.user(token_id="t2")
    async with small.tls.channel(small.address, service="config", caller="gateway") as channel:

        def watch(metadata: Any) -> Any:
            method: Any = channel.unary_stream(WATCH)
            return method(WATCHED, metadata=metadata, timeout=PATIENCE)

        streams = [watch(one), watch(one), watch(other)]
        for stream in streams:
            await stream.read()
        for metadata, whose in ((one, "This token"), (other, "Your tenant")):
            refused = watch(metadata)
            assert await refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert await refused.details() == (
                f"{whose} has too many open streams at once. Nothing was done; try again in a moment."
            )
        rival = watch(small.signer.user(tenant="rival"))
        await rival.read()
        await until(lambda: held.at_work == 4)
        streams[0].cancel()
        await until(lambda: held.at_work == 3)
        again = watch(one)
        await again.read()
        held.go.set()
        for stream in (*streams[1:], again):
            await stream.read()
            assert await stream.code() is grpc.StatusCode.OK
    held.go.set()
    await small.call(LIST_VARS, WEB, metadata=one)
