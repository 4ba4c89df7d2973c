"""Calls of one person: with what they signed in with, from the address they came from."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any, Final, Protocol, TypeVar

import grpc

from dashboard.calls.refusals import refusal_of
from paas_transport.grpcweb import Decodable, Encodable
from paaskit.channels import Method

PATIENCE_SECONDS: Final = 10.0
AT_ONCE: Final = 24
"""Calls of one page. While checks are slow, each call is one that the gateway has checked, and it has 64 of a sign-in
checked in a second (gateway/filters/sign_ins.lua): a page that is slow then is better than one that is refused."""
_FOR: Final = "x-forwarded-for"
"""Which the gateway believes the dashboard's certificate, and nobody else's."""

RequestT_contra = TypeVar("RequestT_contra", contravariant=True)
ResponseT_co = TypeVar("ResponseT_co", covariant=True)
RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
AnswerT = TypeVar("AnswerT", bound=Decodable)


class Stream(Protocol[RequestT_contra, ResponseT_co]):
    """A method of a generated stub that answers again and again."""

    def __call__(
        self, request: RequestT_contra, /, *, timeout: float | None = None, metadata: Any = None
    ) -> AsyncIterable[ResponseT_co]:
        """Send `request`."""


class Caller:
    """Whoever visits, as the gateway sees them."""

    def __init__(self, channel: grpc.aio.Channel, *, bearer: str, address: str) -> None:
        self.channel = channel
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._metadata = (("authorization", f"Bearer {bearer}"), *(((_FOR, address),) if address else ()))

    async def call(self, method: Method[RequestT, ResponseT], request: RequestT) -> ResponseT:
        """Call a method. Raises Refusal."""
        async with self._gate:
            try:
                return await method(request, timeout=PATIENCE_SECONDS, metadata=self._metadata)
            except grpc.aio.AioRpcError as error:
                raise refusal_of(error) from None

    async def ask(self, path: str, request: Encodable, answer: type[AnswerT]) -> AnswerT:
        """Call the method at a path, for what is shared with others who call by paths. Raises Refusal."""
        method: Method[Encodable, AnswerT] = self.channel.unary_unary(
            path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        return await self.call(method, request)

    async def stream(self, method: Stream[RequestT, ResponseT], request: RequestT) -> AsyncGenerator[ResponseT, None]:
        """What a method answers, one after the other, until it ends. Raises Refusal."""
        call: Any = method(request, metadata=self._metadata)
        try:
            async for answer in call:
                yield answer
        except grpc.aio.AioRpcError as error:
            raise refusal_of(error) from None
        finally:
            call.cancel()
