"""config and secrets as whole servers on real databases, calling each other; tokens, audit and releaser are fakes."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from paas.audit.v1 import audit_pb2_grpc
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc
from paas.tokens.v1 import tokens_pb2_grpc

from paaskit.clock import random_id
from services.config.server import assemble as assemble_config
from services.config.settings import Settings as ConfigSettings
from services.secrets.server import assemble as assemble_secrets
from services.secrets.settings import Settings as SecretsSettings
from tests.fakes.neighbours import FakeAudit, FakeReleaser, FakeTokens, Metadata, Signer, on_channel
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates


@dataclass
class Platform:
    """Both services, their neighbours, and how everybody calls them."""

    signer: Signer
    audit: FakeAudit
    releaser: FakeReleaser
    channels: dict[tuple[str, str], grpc.aio.Channel]
    me: Metadata

    @property
    def config(self) -> Any:
        """ConfigService as the gateway calls it."""
        return config_pb2_grpc.ConfigServiceStub(self.channels["config", "gateway"])

    @property
    def secrets(self) -> Any:
        """SecretsService as the gateway calls it."""
        return secrets_pb2_grpc.SecretsServiceStub(self.channels["secrets", "gateway"])

    def config_for(self, caller: str) -> Any:
        """ConfigInternalService as `caller` calls it."""
        return config_pb2_grpc.ConfigInternalServiceStub(self.channels["config", caller])

    def secrets_for(self, caller: str) -> Any:
        """SecretsInternalService as `caller` calls it."""
        return secrets_pb2_grpc.SecretsInternalServiceStub(self.channels["secrets", caller])

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

    async def vars(self, app: str = "web") -> dict[str, str]:
        """What `paas config` would list."""
        listed = await self.config.ListVars(config_pb2.ListVarsRequest(app=app), metadata=self.me)
        return {each.name: each.value for each in listed.vars}

    async def seal(self, app: str = "web", /, **more: Any) -> config_pb2.Change:
        """Set secrets, like `set`."""
        me: Metadata = more.pop("me", self.me)
        fields = {name: value for name, value in more.items() if not name.isupper()}
        request = secrets_pb2.SetSecretsRequest(
            request_id=fields.pop("request_id", random_id()),
            app=app,
            secrets=[
                secrets_pb2.SecretAssignment(name=name, value=value) for name, value in more.items() if name.isupper()
            ],
            **fields,
        )
        answer: secrets_pb2.SetSecretsResponse = await self.secrets.SetSecrets(request, metadata=me)
        return answer.change

    async def reveal(self, name: str, app: str = "web", *, me: Metadata | None = None) -> str:
        """What `paas secrets:get` would print."""
        request = secrets_pb2.RevealSecretRequest(app=app, name=name)
        return str((await self.secrets.RevealSecret(request, metadata=me or self.me)).value)

    async def resolve(self, app_id: str, *names: str, version: int) -> dict[str, str]:
        """What a release would be given by secrets."""
        answer = await self.secrets_for("releaser").ResolveForRelease(
            secrets_pb2.ResolveForReleaseRequest(tenant="acme", app_id=app_id, names=names, version=version, release=1)
        )
        return {each.name: each.value for each in answer.values}


@pytest.fixture
async def platform(databases: Databases, tls: Certificates, tmp_path: Path) -> AsyncIterator[Platform]:
    """Both services on empty databases."""
    signer, audit, releaser = Signer(), FakeAudit(), FakeReleaser()
    key_file = tmp_path / "kms.key"
    key_file.write_text(base64.b64encode(os.urandom(32)).decode())
    for service in ("config", "secrets"):
        databases.empty(service)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        tokens_address = await enter(
            on_channel(tls, "tokens", tokens_pb2_grpc.add_TokensInternalServiceServicer_to_server, FakeTokens(signer))
        )
        audit_address = await enter(
            on_channel(tls, "audit", audit_pb2_grpc.add_AuditInternalServiceServicer_to_server, audit)
        )
        releaser_address = await enter(
            on_channel(tls, "releaser", releaser_pb2_grpc.add_ReleaserInternalServiceServicer_to_server, releaser)
        )
        addresses = {"config": free_address(), "secrets": free_address()}

        def shared(service: str) -> dict[str, Any]:
            files = tls.settings(service)
            return {
                "listen": addresses[service],
                "database_url": databases.service_url(service),
                "database_password_file": databases.password_file(service),
                "tls_cert_file": files.tls_cert_file,
                "tls_key_file": files.tls_key_file,
                "tls_ca_file": files.tls_ca_file,
                "page_key_file": tls.page_key_file,
                "environment": "local",
                "tokens_address": tokens_address,
                "audit_address": audit_address,
                "releaser_address": releaser_address,
            }

        config = ConfigSettings(**shared("config"), secrets_address=addresses["secrets"])
        secrets = SecretsSettings(
            **shared("secrets"), config_address=addresses["config"], kms_provider="local", kms_key_file=key_file
        )
        await enter(serving(config, await assemble_config(config)))
        await enter(serving(secrets, await assemble_secrets(secrets)))
        channels = {
            (service, caller): await enter(tls.connected(address, service=service, caller=caller))
            for service, address in addresses.items()
            for caller in ("gateway", "releaser", "config", "secrets", "provisioner")
        }
        yield Platform(signer, audit, releaser, channels, signer.user())
