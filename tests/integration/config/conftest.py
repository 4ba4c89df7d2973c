"""config as a whole server, and how everybody calls it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2_grpc
from paas.tokens.v1 import tokens_pb2_grpc

from paaskit.clock import random_id
from services.config.server import assemble
from services.config.settings import Settings
from tests.fakes.neighbours import FakeAudit, FakeReleaser, FakeSecrets, FakeTokens, Metadata, Signer, on_channel
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates


@dataclass
class House:
    """The service, its neighbours, and how everybody calls it."""

    signer: Signer
    audit: FakeAudit
    releaser: FakeReleaser
    secrets: FakeSecrets
    channels: dict[str, grpc.aio.Channel]
    me: Metadata

    @property
    def config(self) -> Any:
        """ConfigService as the gateway calls it."""
        return config_pb2_grpc.ConfigServiceStub(self.channels["gateway"])

    def internal(self, caller: str) -> Any:
        """ConfigInternalService as `caller` calls it."""
        return config_pb2_grpc.ConfigInternalServiceStub(self.channels[caller])

    async def app(self, name: str = "web", *, me: Metadata | None = None) -> config_pb2.App:
        """A new app that runs nothing."""
        request = config_pb2.CreateAppRequest(request_id=random_id(), app=name, spec=config_pb2.AppSpec())
        answer: config_pb2.CreateAppResponse = await self.config.CreateApp(request, metadata=me or self.me)
        return answer.app

    async def set(self, app: str = "web", /, **more: Any) -> config_pb2.Change:
        """Set config vars; keywords in capitals are variables, the others are the request's fields."""
        me: Metadata = more.pop("me", self.me)
        fields = {name: value for name, value in more.items() if not name.isupper()}
        request = config_pb2.SetVarsRequest(
            request_id=fields.pop("request_id", random_id()),
            app=app,
            vars=[config_pb2.Assignment(name=name, value=value) for name, value in more.items() if name.isupper()],
            **fields,
        )
        answer: config_pb2.SetVarsResponse = await self.config.SetVars(request, metadata=me)
        return answer.change

    async def unset(
        self, *names: str, app: str = "web", me: Metadata | None = None, **fields: Any
    ) -> config_pb2.Change:
        """Unset config vars."""
        fields.setdefault("request_id", random_id())
        request = config_pb2.UnsetVarsRequest(app=app, names=names, **fields)
        answer: config_pb2.UnsetVarsResponse = await self.config.UnsetVars(request, metadata=me or self.me)
        return answer.change

    async def listed(self, app: str = "web", *, me: Metadata | None = None) -> config_pb2.ListVarsResponse:
        """The first page of variables."""
        request = config_pb2.ListVarsRequest(app=app)
        answer: config_pb2.ListVarsResponse = await self.config.ListVars(request, metadata=me or self.me)
        return answer

    async def vars(self, app: str = "web") -> dict[str, str]:
        """What `paas config` would list as live."""
        return {each.name: each.value for each in (await self.listed(app)).vars}

    async def staged(self, app: str = "web") -> dict[str, str]:
        """What `paas config` would list as staged; nothing for a name that is to be unset."""
        return {each.name: each.value for each in (await self.listed(app)).staged}

    async def state(self, app: config_pb2.App, version: int) -> config_pb2.GetDesiredStateResponse:
        """What a release of a version would be given."""
        request = config_pb2.GetDesiredStateRequest(tenant="acme", app_id=app.app_id, version=version)
        answer: config_pb2.GetDesiredStateResponse = await self.internal("releaser").GetDesiredState(request)
        return answer

    async def claim(self, app: config_pb2.App, *names: str, claim_id: str = "c1", **fields: Any) -> Any:
        """Claim names as secrets does."""
        claims = [config_pb2.Claim(name=name, size=1) for name in names]
        request = config_pb2.ClaimNamesRequest(
            tenant="acme", app_id=app.app_id, claims=claims, claim_id=claim_id, **fields
        )
        return await self.internal("secrets").ClaimNames(request)

    async def give_up(self, app: config_pb2.App, name: str, *, claim_id: str = "c1") -> None:
        """Give a name up as secrets does."""
        held = [config_pb2.HeldName(name=name, claim_id=claim_id)]
        request = config_pb2.ReleaseNamesRequest(tenant="acme", app_id=app.app_id, names=held)
        await self.internal("secrets").ReleaseNames(request)

    async def attach(self, value: str, *, app: str = "web", **fields: Any) -> config_pb2.Change:
        """Attach DATABASE_URL as an add-on does."""
        whole = {
            "request_id": random_id(),
            "addon": "postgres",
            "name": "DATABASE_URL",
            "display": "postgres://...",
            **fields,
        }
        request = config_pb2.AttachManagedVarRequest(tenant="acme", app=app, value=value, **whole)
        answer: config_pb2.AttachManagedVarResponse = await self.internal("provisioner").AttachManagedVar(request)
        return answer.change

    async def detach(self, *, app: str = "web", **fields: Any) -> config_pb2.Change:
        """Detach DATABASE_URL."""
        whole = {"request_id": random_id(), "addon": "postgres", "name": "DATABASE_URL", **fields}
        request = config_pb2.DetachManagedVarRequest(tenant="acme", app=app, **whole)
        answer: config_pb2.DetachManagedVarResponse = await self.internal("provisioner").DetachManagedVar(request)
        return answer.change

    def events(self, action: str = "") -> list[audit_pb2.Event]:
        """The events that have arrived, of one action if that is given."""
        return [event for event in self.audit.events if action in {"", event.action}]


@pytest.fixture
async def house(databases: Databases, tls: Certificates) -> AsyncIterator[House]:
    """The service on an empty database."""
    signer, audit, releaser, secrets = Signer(), FakeAudit(), FakeReleaser(), FakeSecrets()
    databases.empty("config")
    neighbours: dict[str, tuple[Any, Any]] = {
        "tokens": (tokens_pb2_grpc.add_TokensInternalServiceServicer_to_server, FakeTokens(signer)),
        "audit": (audit_pb2_grpc.add_AuditInternalServiceServicer_to_server, audit),
        "releaser": (releaser_pb2_grpc.add_ReleaserInternalServiceServicer_to_server, releaser),
        "secrets": (secrets_pb2_grpc.add_SecretsInternalServiceServicer_to_server, secrets),
    }
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        addresses = {
            name: await enter(on_channel(tls, name, register, fake)) for name, (register, fake) in neighbours.items()
        }
        files = tls.settings("config")
        settings = Settings(
            listen=free_address(),
            database_url=databases.service_url("config"),
            database_password_file=databases.password_file("config"),
            tls_cert_file=files.tls_cert_file,
            tls_key_file=files.tls_key_file,
            tls_ca_file=files.tls_ca_file,
            environment="local",
            page_key_file=tls.page_key_file,
            tokens_address=addresses["tokens"],
            audit_address=addresses["audit"],
            releaser_address=addresses["releaser"],
            secrets_address=addresses["secrets"],
        )
        address = await enter(serving(settings, await assemble(settings)))
        channels = {
            caller: await enter(tls.channel(address, service="config", caller=caller))
            for caller in ("gateway", "releaser", "secrets", "provisioner")
        }
        yield House(signer, audit, releaser, secrets, channels, signer.user())
