"""Calling one process of a service and not another, as the gateway does for somebody who is signed in."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import grpc
from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2, external_auth_pb2_grpc
from paas.audit.v1 import audit_pb2_grpc
from paas.config.v1 import config_pb2_grpc
from paas.releaser.v1 import releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2_grpc
from paas.tokens.v1 import tokens_pb2_grpc

from local.certificates import dns_san
from local.operator_channel import open_channel
from local.ports import HOST, SERVICES, SIGN_IN_CHECK, port_of, public_of
from local.stack import Stack
from tests.fixtures.late import awaited_in_time
from tests.fixtures.waiting import PATIENCE

WORKERS: Final = 3
_SIGNED_FOR: Final = 20.0
Metadata = tuple[tuple[str, str], ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """A stub of each service's users' methods in each of its processes, and who calls."""

    config: Sequence[config_pb2_grpc.ConfigServiceStub]
    secrets: Sequence[secrets_pb2_grpc.SecretsServiceStub]
    tokens: Sequence[tokens_pb2_grpc.TokensServiceStub]
    audit: Sequence[audit_pb2_grpc.AuditServiceStub]
    releaser: Sequence[releaser_pb2_grpc.ReleaserServiceStub]
    stack: Stack
    token: str
    _signed: list[tuple[float, Metadata]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def connected(cls, stack: Stack, token: str) -> AsyncIterator["Processes"]:
        """Connect to all of them. `token` is whose calls these are."""
        async with AsyncExitStack() as open_:

            async def channels(service: str) -> list[grpc.aio.Channel]:
                return [
                    await open_.enter_async_context(channel(stack, service, public_of(service), worker=worker))
                    for worker in range(1, WORKERS + 1)
                ]

            of: Mapping[str, list[grpc.aio.Channel]] = {service: await channels(service) for service in SERVICES}
            yield cls(
                config=[config_pb2_grpc.ConfigServiceStub(each) for each in of["config"]],
                secrets=[secrets_pb2_grpc.SecretsServiceStub(each) for each in of["secrets"]],
                tokens=[tokens_pb2_grpc.TokensServiceStub(each) for each in of["tokens"]],
                audit=[audit_pb2_grpc.AuditServiceStub(each) for each in of["audit"]],
                releaser=[releaser_pb2_grpc.ReleaserServiceStub(each) for each in of["releaser"]],
                stack=stack,
                token=token,
            )

    async def signed(self) -> Metadata:
        """What a call arrives with behind the gateway. It is good for a minute, so that it is asked for again soon."""
        now = time.monotonic()
        if not self._signed or now - self._signed[-1][0] > _SIGNED_FOR:
            self._signed.append((now, await signed_in(self.stack, self.token)))
        return self._signed[-1][1]

    async def ask(self, method: Any, request: Any) -> Any:
        """Make one call, and the same again where something was late once. Raises grpc.aio.AioRpcError."""

        async def once() -> Any:
            return await method(request, metadata=await self.signed(), timeout=PATIENCE)

        return await awaited_in_time(once)

    async def each(self, methods: Sequence[Any], request: Any) -> list[Any]:
        """Make the same call of each process at once; answers, or errors."""
        return await asyncio.gather(*(self.ask(method, request) for method in methods), return_exceptions=True)


@asynccontextmanager
async def channel(
    stack: Stack, service: str, listener: str, *, worker: int, caller: str = "gateway"
) -> AsyncIterator[grpc.aio.Channel]:
    """A connection to one process of a service as `caller`, once it stands."""
    address = f"{HOST}:{port_of(listener, base_port=stack.base_port, worker=worker)}"
    async with open_channel(address, service=dns_san(service), tls=stack.layout.tls, identity=caller) as opened:
        await asyncio.wait_for(opened.channel_ready(), PATIENCE)
        yield opened


async def signed_in(stack: Stack, token: str) -> Metadata:
    """What a call with this token arrives with behind the gateway."""
    http = attribute_context_pb2.AttributeContext.HttpRequest(headers={"authorization": f"Bearer {token}"})
    request = external_auth_pb2.CheckRequest(
        attributes=attribute_context_pb2.AttributeContext(
            request=attribute_context_pb2.AttributeContext.Request(http=http)
        )
    )
    async with channel(stack, "tokens", SIGN_IN_CHECK, worker=1) as check:
        stub = external_auth_pb2_grpc.AuthorizationStub(check)
        answer = await awaited_in_time(lambda: stub.Check(request, timeout=PATIENCE))
    (header,) = answer.ok_response.headers
    return ((header.header.key, header.header.value),)


async def settled(ask: Callable[[], Awaitable[T]], is_settled: Callable[[T], bool]) -> T:
    """Ask again until the answer is what is waited for; that."""
    async with asyncio.timeout(PATIENCE):
        while not is_settled(answer := await ask()):
            await asyncio.sleep(0.1)
    return answer
