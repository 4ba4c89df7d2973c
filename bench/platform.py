"""A stack to measure, in a temporary folder on free ports, and channels straight to its services."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2, external_auth_pb2_grpc
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from psycopg.conninfo import make_conninfo

from local.operator_channel import open_channel
from local.ports import HOST, SIGN_IN_CHECK, port_of, public_of
from local.postgres import SUPERUSER
from local.signin import Person, issue
from local.stack import Stack
from paaskit.clock import random_id

Metadata = tuple[tuple[str, str], ...]
_IDENTITY_SECONDS = 30.0
_TERMINAL = (releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED, releaser_pb2.STATE_SUPERSEDED)


@dataclass
class Bench:
    """A running stack, a signed-in user, and what the gateway would send for them."""

    stack: Stack
    token: str
    _metadata: dict[str, tuple[Metadata, float]] = field(default_factory=dict)
    _channels: dict[str, grpc.aio.Channel] = field(default_factory=dict)

    def channel(self, service: str, *, caller: str = "gateway") -> grpc.aio.Channel:
        """A channel straight to a service, as `caller`."""
        if service not in self._channels:
            self._channels[service] = open_channel(
                self.address(service),
                service=f"{service}.paas.internal",
                tls=self.stack.layout.tls,
                identity=caller,
            )
        return self._channels[service]

    def check_channel(self) -> grpc.aio.Channel:
        """A channel to the sign-in check, as the gateway."""
        if SIGN_IN_CHECK not in self._channels:
            self._channels[SIGN_IN_CHECK] = open_channel(
                f"{HOST}:{port_of(SIGN_IN_CHECK, base_port=self.stack.base_port)}",
                service="tokens.paas.internal",
                tls=self.stack.layout.tls,
                identity="gateway",
            )
        return self._channels[SIGN_IN_CHECK]

    def address(self, service: str) -> str:
        """Where a service answers users' calls."""
        return f"{HOST}:{port_of(public_of(service), base_port=self.stack.base_port)}"

    def database(self, name: str) -> str:
        """How the superuser connects to a service's database."""
        layout = self.stack.layout
        socket_folder = (layout.pg / "data" / "postmaster.pid").read_text().splitlines()[4]
        password = (layout.passwords / SUPERUSER).read_text().strip()
        return make_conninfo(host=socket_folder, dbname=name, user=SUPERUSER, password=password)

    async def me(self, token: str = "") -> Metadata:
        """A signed identity that is good for a while yet: the bench's own, or that of another sign-in."""
        token = token or self.token
        metadata, fetched = self._metadata.get(token, ((), -_IDENTITY_SECONDS))
        if time.monotonic() - fetched >= _IDENTITY_SECONDS:
            http = attribute_context_pb2.AttributeContext.HttpRequest(headers={"authorization": f"Bearer {token}"})
            request = external_auth_pb2.CheckRequest(
                attributes=attribute_context_pb2.AttributeContext(
                    request=attribute_context_pb2.AttributeContext.Request(http=http)
                )
            )
            answer = await external_auth_pb2_grpc.AuthorizationStub(self.check_channel()).Check(request)
            header = answer.ok_response.headers[0].header
            metadata = ((header.key, header.value),)
            self._metadata[token] = (metadata, time.monotonic())
        return metadata

    async def create_app(
        self,
        name: str,
        *,
        command: tuple[str, ...] = (),
        image: str = "",
        instances: int = 0,
        health: str = "",
        token: str = "",
    ) -> int:
        """Register an app and return its first release, or 0."""
        request = config_pb2.CreateAppRequest(
            request_id=random_id(),
            app=name,
            spec=config_pb2.AppSpec(command=command, image=image, instances=instances, health_path=health),
        )
        answer: config_pb2.CreateAppResponse = await self.config().CreateApp(request, metadata=await self.me(token))
        return answer.change.release

    async def set_vars(self, app: str, values: dict[str, str], *, token: str = "") -> int:
        """Set config vars and return the release."""
        request = config_pb2.SetVarsRequest(
            request_id=random_id(),
            app=app,
            vars=[config_pb2.Assignment(name=name, value=value) for name, value in values.items()],
        )
        answer: config_pb2.SetVarsResponse = await self.config().SetVars(request, metadata=await self.me(token))
        return answer.change.release

    async def until_released(self, app: str, number: int, *, token: str = "") -> None:
        """Return once a release has succeeded; it must."""
        stub = releaser_pb2_grpc.ReleaserServiceStub(self.channel("releaser"))
        request = releaser_pb2.WatchReleaseRequest(app=app, number=number)
        async for update in stub.WatchRelease(request, metadata=await self.me(token)):
            if update.release.state in _TERMINAL:
                assert update.release.state == releaser_pb2.STATE_SUCCEEDED, update.release.message
                return

    def config(self) -> Any:
        """ConfigService as the gateway calls it."""
        return config_pb2_grpc.ConfigServiceStub(self.channel("config"))

    async def close(self) -> None:
        """Close every channel."""
        await asyncio.gather(*(channel.close() for channel in self._channels.values()))


@contextmanager
def running_stack(folder: Path, *, base_port: int, kubeconfig: Path | None = None, workers: int = 1) -> Iterator[Stack]:
    """A stack of so many processes a service, for the block; with a kubeconfig apps run in its cluster."""
    stack = Stack(folder, base_port=base_port, kubeconfig=kubeconfig, workers=workers)
    stack.start()
    try:
        yield stack
    finally:
        stack.stop()


def sign_in(stack: Stack, *, tenant: str = "bench") -> str:
    """A sign-in for an admin."""
    return issue(stack, Person(tenant=tenant, user="bench@example.com", role="admin"))
