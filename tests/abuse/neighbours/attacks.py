"""`python -m tests.abuse.neighbours.attacks NAME ADDRESS SECONDS`: a tenant that misbehaves for a while, on loopback.

Its tokens come on standard input, by role, as one line of JSON. Says `going` once it is at it, and at the end what came
of it, as JSON. It stops by itself.
"""

import asyncio
import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id
from services.tokens import pat

_TIMEOUT_SECONDS: Final = 20.0
APP: Final = "theirs"
# Tokens that may read the log. A tenant may have 128 streams open, a token 32 of them.
AUDITORS: Final = tuple(f"auditor-{number}" for number in range(5))
FOLLOWERS: Final = 130
EVENTS: Final = 4000
"""How many events their log has at least before anybody attacks."""


@dataclass
class Attack:
    """Who attacks what, until when; `ends` counts what came of each call."""

    address: str
    tokens: dict[str, str]
    until: float
    ends: Counter[str] = field(default_factory=Counter)

    @property
    def over(self) -> bool:
        """Whether it is time to stop."""
        return time.monotonic() >= self.until

    def metadata(self, role: str) -> tuple[tuple[str, str], ...]:
        """What a call of somebody with this role carries."""
        return (("authorization", f"Bearer {self.tokens[role]}"),)

    @asynccontextmanager
    async def channels(self, count: int) -> AsyncIterator[list[grpc.aio.Channel]]:
        """Connections of their own each."""
        async with AsyncExitStack() as stack:
            options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
            made = [grpc.aio.insecure_channel(self.address, options=options) for _ in range(count)]
            yield [await stack.enter_async_context(channel) for channel in made]

    async def call(self, channel: grpc.aio.Channel, path: str, request: bytes, metadata: Any) -> None:
        """One call, however it ends."""
        method: Any = channel.unary_unary(path)
        try:
            await method(request, metadata=metadata, timeout=_TIMEOUT_SECONDS)
            self.ends["OK"] += 1
        except grpc.aio.AioRpcError as error:
            self.ends[error.code().name] += 1


def going() -> None:
    """Say that it has begun."""
    print("going", flush=True)


async def headers_only(attack: Attack) -> None:
    """A thousand requests without their message, again and again, on ten connections."""
    path = "/paas.config.v1.ConfigService/GetApp"

    async def hold(channel: grpc.aio.Channel) -> None:
        while not attack.over:
            call: Any = channel.stream_unary(path)(metadata=attack.metadata("viewer"), timeout=_TIMEOUT_SECONDS)
            attack.ends[(await call.code()).name] += 1

    async with attack.channels(10) as channels:
        holding = [asyncio.create_task(hold(channels[index % 10])) for index in range(1000)]
        await asyncio.sleep(0.3)
        going()
        await asyncio.gather(*holding)


async def open_streams(attack: Attack) -> None:
    """As many streams as one can get, of somebody who may, in two services."""
    follow = ("/paas.audit.v1.AuditService/FollowEvents", audit_pb2.FollowEventsRequest(), "admin")
    watch = ("/paas.releaser.v1.ReleaserService/WatchRelease", releaser_pb2.WatchReleaseRequest(app=APP, number=1))

    async def hold(channel: grpc.aio.Channel, path: str, request: Any, role: str) -> None:
        call: Any = channel.unary_stream(path)(request.SerializeToString(), metadata=attack.metadata(role))
        try:
            async with asyncio.timeout(max(0.1, attack.until - time.monotonic())):
                while await call.read() is not grpc.aio.EOF:
                    pass
        except TimeoutError:
            attack.ends["held"] += 1
        except grpc.aio.AioRpcError as error:
            attack.ends[error.code().name] += 1

    async with attack.channels(20) as channels:
        holding = []
        for index in range(1050):
            for path, request, role in (follow, (*watch, "viewer")):
                holding.append(asyncio.create_task(hold(channels[index % 20], path, request, role)))
        await asyncio.sleep(1)
        going()
        await asyncio.gather(*holding)


async def followers(attack: Attack) -> None:
    """As many followers of a long log as a tenant may have, each of which begins anew once it has read all of it."""
    path = "/paas.audit.v1.AuditService/FollowEvents"
    request = audit_pb2.FollowEventsRequest(after_sequence=-1).SerializeToString()

    async def read(channel: grpc.aio.Channel, role: str) -> None:
        follow: Any = channel.unary_stream(path)
        call = follow(request, metadata=attack.metadata(role))
        try:
            async with asyncio.timeout(max(0.1, attack.until - time.monotonic())):
                for _ in range(EVENTS):
                    if await call.read() is grpc.aio.EOF:
                        break
                    attack.ends["events"] += 1
            attack.ends["read"] += 1
        except TimeoutError:
            attack.ends["reading"] += 1
        except grpc.aio.AioRpcError as error:
            attack.ends[error.code().name] += 1
            await asyncio.sleep(0.5)
        finally:
            call.cancel()

    async def repeat(channel: grpc.aio.Channel, role: str) -> None:
        while not attack.over:
            await read(channel, role)

    async with attack.channels(10) as channels:
        reading = [
            asyncio.create_task(repeat(channels[index % 10], AUDITORS[index % len(AUDITORS)]))
            for index in range(FOLLOWERS)
        ]
        await asyncio.sleep(1)
        going()
        await asyncio.gather(*reading)


async def many_changes(attack: Attack) -> None:
    """950 tokens made at once, again and again."""

    def request() -> bytes:
        asked = tokens_pb2.CreateTokenRequest(request_id=random_id(), name=f"f-{random_id()}")
        return asked.SerializeToString()

    path = "/paas.tokens.v1.TokensService/CreateToken"
    async with attack.channels(10) as channels:
        going()
        while not attack.over:
            metadata = attack.metadata("developer")
            await asyncio.gather(
                *(attack.call(channels[index % 10], path, request(), metadata) for index in range(950))
            )


async def large_messages(attack: Attack) -> None:
    """Eight requests at a time of a MiB each, with 480,000 empty arguments, from somebody who may not even create."""
    spec = config_pb2.AppSpec(command=["true", *[""] * 480_000])
    request = config_pb2.CreateAppRequest(request_id=random_id(), app="large", spec=spec).SerializeToString()
    path = "/paas.config.v1.ConfigService/CreateApp"

    async def repeat(channel: grpc.aio.Channel, role: str) -> None:
        while not attack.over:
            await attack.call(channel, path, request, attack.metadata(role))

    async with attack.channels(8) as channels:
        going()
        await asyncio.gather(*(repeat(channel, ("viewer", "developer")[i % 2]) for i, channel in enumerate(channels)))


async def idle_connections(attack: Attack) -> None:
    """4,200 connections without a credential: some silent, some with a beginning, opened again when they are closed."""
    host, _, port = attack.address.rpartition(":")
    first = [b"", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", b"POST /x HTTP/1.1\r\nHost:"]
    open_: list[socket.socket] = []

    def connect(index: int) -> None:
        try:
            made = socket.create_connection((host, int(port)), timeout=2)
            made.sendall(first[index % 3])
            made.setblocking(False)
            open_.append(made)
            attack.ends["connected"] += 1
        except OSError:
            attack.ends["refused"] += 1

    for index in range(4200):
        connect(index)
    going()
    while not attack.over:
        await asyncio.sleep(0.1)
        for each in list(open_):
            with suppress(BlockingIOError):
                try:
                    over = not each.recv(1)
                except ConnectionError:
                    over = True
                if over:
                    open_.remove(each)
                    each.close()
                    connect(len(open_))


async def denials(attack: Attack) -> None:
    """Somebody who may not reveal asks for it, twenty at a time, without a pause."""
    request = secrets_pb2.RevealSecretRequest(app=APP, name="KEY").SerializeToString()
    await _flood(attack, "/paas.secrets.v1.SecretsService/RevealSecret", request, lambda: attack.metadata("viewer"), 20)


async def wrong_tokens(attack: Attack) -> None:
    """Texts with a right checksum that are nobody's, sixty at a time, without a pause."""
    request = config_pb2.GetAppRequest(app=APP).SerializeToString()

    def guess() -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {pat.generate()}"),)

    await _flood(attack, "/paas.config.v1.ConfigService/GetApp", request, guess, 60)


async def _flood(attack: Attack, path: str, request: bytes, metadata: Callable[[], Any], at_once: int) -> None:
    async def repeat(channel: grpc.aio.Channel) -> None:
        while not attack.over:
            await attack.call(channel, path, request, metadata())

    async with attack.channels(4) as channels:
        going()
        await asyncio.gather(*(repeat(channels[index % 4]) for index in range(at_once)))


ATTACKS: Final[dict[str, Callable[[Attack], Awaitable[None]]]] = {
    each.__name__: each
    for each in (
        headers_only,
        open_streams,
        followers,
        many_changes,
        large_messages,
        idle_connections,
        denials,
        wrong_tokens,
    )
}


def main() -> None:
    """Run one attack."""
    # Others' machines attack; this one has to answer meanwhile.
    os.nice(10)
    name, address, seconds = sys.argv[1:]
    tokens = json.loads(sys.stdin.readline())
    attack = Attack(address, tokens, until=time.monotonic() + float(seconds))
    asyncio.run(ATTACKS[name](attack))  # type: ignore[arg-type]  # they are coroutines
    print(json.dumps(attack.ends), flush=True)


if __name__ == "__main__":
    main()
