"""The apps there are, as tokens asks config for them. A name that is given again gets another id."""

import asyncio
from itertools import count
from typing import Any

import grpc
from grpc_status import rpc_status
from paas.config.v1 import config_pb2

from paaskit.errors import PaasError, Unavailable, app_not_found
from paaskit.gate import encode_error
from paaskit.identity import AppScope


class FakeApps:
    """`resolve` is a `services.tokens.scopes.ResolveApp`. It waits while `answers` is not set."""

    def __init__(self, *names: str, tenant: str = "acme") -> None:
        self._numbers = count(1)
        self._ids: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.away = False
        self.answers = asyncio.Event()
        self.answers.set()
        for name in names:
            self.make(name, tenant=tenant)

    def make(self, name: str, *, tenant: str = "acme") -> str:
        """Make an app; returns its id."""
        self._ids[tenant, name] = app_id = f"{next(self._numbers):032x}"
        return app_id

    def destroy(self, name: str, *, tenant: str = "acme") -> None:
        """Destroy an app."""
        del self._ids[tenant, name]

    def scope(self, *names: str, tenant: str = "acme") -> AppScope:
        """The scope of a token limited to these apps."""
        return frozenset((name, self._ids[tenant, name]) for name in names)

    async def resolve(self, tenant: str, name: str) -> str:
        self.asked.append(name)
        await self.answers.wait()
        if self.away:
            raise Unavailable("config is away")
        if (tenant, name) not in self._ids:
            raise app_not_found(name)
        return self._ids[tenant, name]


class FakeConfig:
    """Answers tokens as config does. Lets anybody ask: who may is the gate's matter."""

    def __init__(self, apps: FakeApps) -> None:
        self._apps = apps

    async def ResolveApp(self, request: config_pb2.ResolveAppRequest, context: Any) -> config_pb2.ResolveAppResponse:
        try:
            return config_pb2.ResolveAppResponse(app_id=await self._apps.resolve(request.tenant, request.app))
        except PaasError as error:
            status = rpc_status.to_status(encode_error(error))
        await context.abort_with_status(status)
        raise AssertionError


def register(config: FakeConfig, server: grpc.aio.Server) -> None:
    """Serve the one method that tokens calls."""
    handler: Any = grpc.unary_unary_rpc_method_handler(
        config.ResolveApp, config_pb2.ResolveAppRequest.FromString, config_pb2.ResolveAppResponse.SerializeToString
    )
    name = config_pb2.DESCRIPTOR.services_by_name["ConfigInternalService"].full_name
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"ResolveApp": handler}),))
