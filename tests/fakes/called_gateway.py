"""A gateway for pages that ask little of it: it says who calls, and what it was asked to end."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.rpc import code_pb2
from paas.tokens.v1 import tokens_pb2


class FakeGateway:
    """Stands where a channel is expected. `permissions` are those of whoever calls; `is_away` has all calls fail."""

    def __init__(self, *, tenant: str, subject: str) -> None:
        self.tenant = tenant
        self.subject = subject
        self.permissions: frozenset[str] = frozenset()
        self.ended: list[str] = []
        self.is_away = False

    def unary_unary(self, path: str, *_: Any, **__: Any) -> Callable[..., Awaitable[Any]]:
        """How a method is called."""
        method = path.rpartition("/")[2]

        async def call(request: Any, **_: Any) -> Any:
            if self.is_away:
                raise _failed(grpc.StatusCode.UNAVAILABLE)
            match method:
                case "WhoAmI":
                    return tokens_pb2.WhoAmIResponse(
                        tenant=self.tenant, subject=self.subject, permissions=sorted(self.permissions)
                    )
                case "EndSessions":
                    if request.user and not {"tokens.manage", "audit.read"} <= self.permissions:
                        raise _failed(grpc.StatusCode.PERMISSION_DENIED)
                    self.ended.append(request.user)
                    return tokens_pb2.EndSessionsResponse(sign_ins=1 if request.user else 0)
            raise _failed(grpc.StatusCode.UNIMPLEMENTED)

        return call

    def __getattr__(self, name: str) -> Any:
        """Every other kind of method, which nobody calls."""
        if name not in {"unary_stream", "stream_unary", "stream_stream"}:
            raise AttributeError(name)
        return lambda *_, **__: None


def _failed(code: grpc.StatusCode) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(
        code, grpc.aio.Metadata(), grpc.aio.Metadata(), details=code_pb2.Code.Name(code.value[0])
    )
