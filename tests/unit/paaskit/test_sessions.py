"""Open streams end with the token they were opened with.

Covers: a token that ended, others meanwhile, a reader that takes nothing, tokens that can't be asked for a moment and
for long. Leaves out who says that a token has ended (tests/integration/tokens), and real services (tests/e2e).
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import grpc
import pytest
from paas.releaser.v1 import releaser_pb2

from paaskit.clock import utc_now
from paaskit.errors import Unauthenticated, Unavailable
from paaskit.gate import Sessions, interceptor
from paaskit.gate.sessions import TokenKey
from paaskit.identity import Identity, ProviderSession
from tests.fakes.identities import identity_of
from tests.fixtures.waiting import PATIENCE, until
from tests.unit.paaskit.gated import WATCH, Gated

SIGNED_IN = replace(identity_of(), origin=ProviderSession(session_id="s1", person_id="p1"))
WATCHED = releaser_pb2.WatchReleaseRequest(app="web", number=1).SerializeToString()


async def test_a_stream_ends_with_its_token_and_others_go_on(gated: Gated) -> None:
    for_ever = asyncio.Event()

    async def work(answer: Any) -> Any:
        await for_ever.wait()
        return answer

    gated.work = work
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:

        def watch(**who: Any) -> Any:
            method: Any = channel.unary_stream(WATCH)
            return method(WATCHED, metadata=gated.signer.user(**who), timeout=PATIENCE)

        ending, namesake, other = watch(token_id="t1"), watch(token_id="t1", tenant="rival"), watch(token_id="t2")
        for stream in (ending, namesake, other):
            await stream.read()
        await gated.sessions.look()
        gated.ended.add(("acme", "t1"))
        await gated.sessions.look()
        assert await ending.code() is grpc.StatusCode.UNAUTHENTICATED
        assert "was revoked" in await ending.details()
        for_ever.set()
        for stream in (namesake, other):
            await stream.read()
            assert await stream.code() is grpc.StatusCode.OK


async def _until_it_waits_for_its_reader(gated: Gated) -> None:
    before = -1
    while gated.sent != before or not gated.sent:
        before = gated.sent
        await asyncio.sleep(0.3)


def _watch_a_long_story(gated: Gated, channel: grpc.aio.Channel) -> Any:
    async def work(_answer: Any) -> Any:
        return releaser_pb2.WatchReleaseResponse(release=releaser_pb2.Release(message="x" * 60_000))

    gated.work, gated.backlog = work, 1_000
    method: Any = channel.unary_stream(WATCH)
    return method(WATCHED, metadata=gated.signer.user(token_id="t1"), timeout=PATIENCE)


async def test_a_reader_that_is_behind_is_told_why_it_ends_too(gated: Gated) -> None:
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:
        stream = _watch_a_long_story(gated, channel)
        await _until_it_waits_for_its_reader(gated)
        gated.ended.add(("acme", "t1"))
        await gated.sessions.look()
        with suppress(grpc.aio.AioRpcError):
            while await stream.read() is not grpc.aio.EOF:
                pass
        assert gated.sent < gated.backlog
        assert await stream.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_reader_that_takes_nothing_is_not_waited_for(gated: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interceptor, "_TOLD_WITHIN_SECONDS", 0.1)
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:
        stream = _watch_a_long_story(gated, channel)
        await _until_it_waits_for_its_reader(gated)
        assert _served(), "the control"
        gated.ended.add(("acme", "t1"))
        await gated.sessions.look()
        await until(lambda: not _served())
        with suppress(grpc.aio.AioRpcError):
            while await stream.read() is not grpc.aio.EOF:
                pass
        assert await stream.code() in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.CANCELLED)


def _served() -> list[str]:
    """The tasks that grpc serves calls with, by the name of its function."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name == "_handle_exceptions"]


class _Tokens:
    """Says which tokens have ended, or that it can't; the time is its own."""

    def __init__(self) -> None:
        self.away = False
        self.now = 100.0
        self.asked: list[TokenKey] = []
        self.today = utc_now()
        self.sessions = Sessions(self.ended, clock=lambda: self.now, now=lambda: self.today)

    async def ended(self, keys: Collection[TokenKey]) -> Collection[TokenKey]:
        self.asked += keys
        if self.away:
            raise Unavailable("Away.")
        return []

    async def stream(self, token_id: str) -> None:
        await self.follow(identity_of(token_id=token_id))

    async def follow(self, identity: Identity) -> None:
        with self.sessions.stream(identity):
            await asyncio.Event().wait()


async def test_a_stream_of_a_sign_in_elsewhere_ends_when_that_does_and_nobody_is_asked() -> None:
    tokens = _Tokens()
    over, going_on = [
        asyncio.create_task(tokens.follow(replace(SIGNED_IN, ends_at=tokens.today + timedelta(seconds=seconds))))
        for seconds in (60, 300)
    ]
    await asyncio.sleep(0)
    await tokens.sessions.look()
    assert not over.done()
    tokens.today += timedelta(seconds=60)
    await tokens.sessions.look()
    with pytest.raises(Unauthenticated, match="time of your sign-in is over"):
        await over
    assert not going_on.done(), "it was opened with the session's next sign-in"
    tokens.away, tokens.now = True, 1000.0
    await tokens.sessions.look()
    assert (tokens.asked, going_on.done()) == ([], False), "there is nothing that tokens could say of it"
    going_on.cancel()


async def test_streams_outlive_a_restart_of_tokens_but_not_its_long_absence() -> None:
    tokens = _Tokens()
    stream = asyncio.create_task(tokens.stream("t1"))
    await asyncio.sleep(0)
    tokens.away = True
    for seconds in (2, 4, 9):
        tokens.now = 100.0 + seconds
        await tokens.sessions.look()
        assert not stream.done()
    tokens.away = False
    await tokens.sessions.look()
    tokens.away, tokens.now = True, 118.0
    await tokens.sessions.look()
    await asyncio.sleep(0)
    assert not stream.done(), "nine seconds after it was told last"
    tokens.now = 119.0
    await tokens.sessions.look()
    with pytest.raises(Unavailable, match="whether your sign-in still holds"):
        await stream


async def test_nobody_is_asked_about_streams_that_are_over() -> None:
    tokens = _Tokens()
    stream = asyncio.create_task(tokens.stream("t1"))
    await asyncio.sleep(0)
    stream.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stream
    await tokens.sessions.look()
    assert tokens.asked == []
