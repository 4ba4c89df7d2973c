"""secrets as a whole server on a real database; config, tokens, audit and releaser are fakes on real mTLS channels."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc
from paas.tokens.v1 import tokens_pb2_grpc

from paaskit.clock import random_id
from services.secrets.server import assemble
from services.secrets.settings import Settings
from tests.fakes.neighbours import FakeAudit, FakeReleaser, FakeTokens, Metadata, Signer, on_channel
from tests.fakes.registry import FakeRegistry, fake_registry
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import until


@dataclass
class Secrets:
    """The server, its neighbours, and how everybody calls it. Requests are about the app `web` of acme."""

    signer: Signer
    registry: FakeRegistry
    audit: FakeAudit
    releaser: FakeReleaser
    databases: Databases
    channels: dict[str, grpc.aio.Channel]
    me: Metadata
    key_file: Path
    app_id: str = ""
    _seen: int = field(default=0)

    @property
    def users(self) -> Any:
        """SecretsService as the gateway calls it."""
        return secrets_pb2_grpc.SecretsServiceStub(self.channels["gateway"])

    @property
    def admins(self) -> Any:
        """KeysService as the gateway calls it."""
        return secrets_pb2_grpc.KeysServiceStub(self.channels["gateway"])

    async def keys(self, *, me: Metadata | None = None) -> secrets_pb2.Keys:
        """What `paas keys` is made from."""
        answer: secrets_pb2.GetKeysResponse = await self.admins.GetKeys(
            secrets_pb2.GetKeysRequest(), metadata=me or self.me
        )
        return answer.keys

    async def rotate_keys(self, *, me: Metadata | None = None, **fields: Any) -> secrets_pb2.RotateKeysResponse:
        """Rotate the tenant's key."""
        request = secrets_pb2.RotateKeysRequest(**{"request_id": random_id()} | fields)
        answer: secrets_pb2.RotateKeysResponse = await self.admins.RotateKeys(request, metadata=me or self.me)
        return answer

    async def shred_keys(
        self, confirm: str = "acme", *, me: Metadata | None = None, **fields: Any
    ) -> secrets_pb2.KeyDestruction:
        """Destroy the tenant's keys."""
        request = secrets_pb2.ShredKeysRequest(**{"request_id": random_id(), "confirm": confirm} | fields)
        answer: secrets_pb2.ShredKeysResponse = await self.admins.ShredKeys(request, metadata=me or self.me)
        return answer.destruction

    async def rolled_out(self, *, me: Metadata | None = None) -> secrets_pb2.Keys:
        """The keys once everything is sealed with the newest."""

        async def is_over() -> bool:
            return (await self.keys(me=me)).rollout.HasField("finished_at")

        await until(is_over)
        return await self.keys(me=me)

    def generations(self, tenant: str = "acme") -> dict[int, int]:
        """How many values are sealed with each key."""
        rows = self.look(
            """SELECT generation, count(*) FROM (
                   SELECT tenant, generation FROM sealed
                   UNION ALL SELECT tenant, generation FROM drafts WHERE sealed IS NOT NULL) AS values
               WHERE tenant = %s GROUP BY generation""",
            tenant,
        )
        return dict(rows)

    @property
    def releasers(self) -> Any:
        """SecretsInternalService as releaser calls it."""
        return secrets_pb2_grpc.SecretsInternalServiceStub(self.channels["releaser"])

    @property
    def configs(self) -> Any:
        """SecretsInternalService as config calls it."""
        return secrets_pb2_grpc.SecretsInternalServiceStub(self.channels["config"])

    async def set(self, **more: Any) -> config_pb2.Change:
        """Set secrets as `me`; keywords in capitals are secrets, the others are the request's fields."""
        me: Metadata = more.pop("me", self.me)
        values = {name: value for name, value in more.items() if name.isupper()}
        known = {"request_id": random_id(), "app": "web"}
        fields = {name: value for name, value in more.items() if not name.isupper()}
        request = secrets_pb2.SetSecretsRequest(
            secrets=[secrets_pb2.SecretAssignment(name=name, value=value) for name, value in values.items()],
            **known | fields,
        )
        answer: secrets_pb2.SetSecretsResponse = await self.users.SetSecrets(request, metadata=me)
        return answer.change

    async def unset(self, *names: str, **fields: Any) -> config_pb2.Change:
        """Unset secrets."""
        request = secrets_pb2.UnsetSecretsRequest(app="web", names=names, **{"request_id": random_id()} | fields)
        answer: secrets_pb2.UnsetSecretsResponse = await self.users.UnsetSecrets(request, metadata=self.me)
        return answer.change

    async def rotate(self, name: str = "KEY", **fields: Any) -> config_pb2.Change:
        """Rotate a secret, by default to a random value, with an overlap of so many hours."""
        hours = fields.pop("hours", 0)
        if "value" not in fields:
            fields.setdefault("random", secrets_pb2.RandomValue())
        known = {"request_id": random_id(), "overlap": Duration(seconds=3600 * hours) if hours else None}
        request = secrets_pb2.RotateSecretRequest(app="web", name=name, **known | fields)
        answer: secrets_pb2.RotateSecretResponse = await self.users.RotateSecret(request, metadata=self.me)
        return answer.change

    async def discard(self, *names: str, **fields: Any) -> list[str]:
        """Drop staged changes; returns whose."""
        request = secrets_pb2.DiscardStagedRequest(app="web", names=names, **{"request_id": random_id()} | fields)
        return [each.name for each in (await self.users.DiscardStaged(request, metadata=self.me)).changes]

    async def reveal(self, name: str = "KEY", *, app: str = "web", me: Metadata | None = None, reason: str = "") -> str:
        """What `paas secrets:get` would print."""
        request = secrets_pb2.RevealSecretRequest(app=app, name=name, reason=reason)
        return str((await self.users.RevealSecret(request, metadata=me or self.me)).value)

    async def reveal_all(self, *names: str, me: Metadata | None = None, reason: str = "") -> dict[str, str]:
        """What `paas secrets:get` of several names would print."""
        request = secrets_pb2.RevealSecretsRequest(app="web", names=names, reason=reason)
        answer: secrets_pb2.RevealSecretsResponse = await self.users.RevealSecrets(request, metadata=me or self.me)
        return {each.name: each.value for each in answer.secrets}

    async def listed(self, *, me: Metadata | None = None, **fields: Any) -> secrets_pb2.ListSecretsResponse:
        """What `paas secrets` is made from."""
        request = secrets_pb2.ListSecretsRequest(app="web", **fields)
        answer: secrets_pb2.ListSecretsResponse = await self.users.ListSecrets(request, metadata=me or self.me)
        return answer

    async def resolve(self, version: int, *names: str, with_ended: bool = False) -> dict[str, str]:
        """What a release ordered with `version` would be given."""
        request = secrets_pb2.ResolveForReleaseRequest(
            tenant="acme", app_id=self.app_id, names=names, version=version, release=1, with_ended=with_ended
        )
        return {each.name: each.value for each in (await self.releasers.ResolveForRelease(request)).values}

    async def values(self) -> dict[str, str]:
        """Everything that is live, as a release would get it."""
        answer = await self.listed()
        return await self.resolve(answer.version, *(each.name for each in answer.secrets))

    async def draft(self) -> secrets_pb2.GetDraftResponse:
        """What releaser reads of the draft."""
        request = secrets_pb2.GetDraftRequest(tenant="acme", app_id=self.app_id)
        answer: secrets_pb2.GetDraftResponse = await self.releasers.GetDraft(request)
        return answer

    async def release(self, **fields: Any) -> secrets_pb2.ReleaseDraftResponse:
        """Release the draft, by default as it is now."""
        known = {"request_id": random_id(), "change_id": random_id(), "actor": "user:ada", "description": "Release"}
        if "revision" not in fields:
            fields["revision"] = (await self.draft()).revision
        request = secrets_pb2.ReleaseDraftRequest(tenant="acme", app_id=self.app_id, **known | fields)
        answer: secrets_pb2.ReleaseDraftResponse = await self.releasers.ReleaseDraft(request)
        return answer

    async def restore(self, version: int, **fields: Any) -> secrets_pb2.RestoreVersionResponse:
        """Go back to a version."""
        known = {"request_id": random_id(), "change_id": random_id(), "actor": "user:ada", "description": "Roll back"}
        request = secrets_pb2.RestoreVersionRequest(
            tenant="acme", app_id=self.app_id, version=version, **known | fields
        )
        answer: secrets_pb2.RestoreVersionResponse = await self.releasers.RestoreVersion(request)
        return answer

    async def revert(self, before: int, after: int, **fields: Any) -> secrets_pb2.RevertChangesResponse:
        """Take back what changed between two versions."""
        request = secrets_pb2.RevertChangesRequest(
            tenant="acme",
            app_id=self.app_id,
            from_version=before,
            to_version=after,
            **{"request_id": random_id(), "actor": "user:ada"} | fields,
        )
        answer: secrets_pb2.RevertChangesResponse = await self.releasers.RevertChanges(request)
        return answer

    async def attach(self, value: str, *, attachment_id: str = "a1", name: str = "DATABASE_URL") -> Any:
        """Have config store a managed value."""
        return await self.configs.StoreManagedValue(
            secrets_pb2.StoreManagedValueRequest(
                tenant="acme", app_id=self.app_id, app="web", name=name, value=value, attachment_id=attachment_id
            )
        )

    async def detach(self, attachment_id: str, *, name: str = "DATABASE_URL") -> None:
        """Have config drop a managed value."""
        request = secrets_pb2.DeleteManagedValueRequest(
            tenant="acme", app_id=self.app_id, name=name, attachment_id=attachment_id
        )
        await self.configs.DeleteManagedValue(request)

    async def purge(self, app_id: str = "") -> None:
        """Have config say that an app was destroyed."""
        await self.configs.PurgeApp(secrets_pb2.PurgeAppRequest(tenant="acme", app_id=app_id or self.app_id))

    async def events(self) -> list[audit_pb2.Event]:
        """The audit events since this was last asked for, once all that were committed have arrived."""
        waiting = "SELECT count(*) FROM outbox WHERE destination = 'audit'"
        await until(lambda: self.look(waiting) == [(0,)])
        events, self._seen = self.audit.events[self._seen :], len(self.audit.events)
        return events

    def look(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows as superuser."""
        return self.databases.look("secrets", statement, parameters)

    def names_at_rest(self) -> bool:
        """Whether no claim is open, and nothing about names waits to be delivered."""
        waiting = "SELECT count(*) FROM outbox WHERE destination = 'config.release_names'"
        return self.look("SELECT count(*) FROM claims") == self.look(waiting) == [(0,)]


@pytest.fixture
async def secrets(databases: Databases, tls: Certificates, tmp_path: Path) -> AsyncIterator[Secrets]:
    """Secrets on an empty database, with the app `web` registered."""
    async with running(databases, tls, tmp_path) as served:
        yield served


@asynccontextmanager
async def running(
    databases: Databases, tls: Certificates, tmp_path: Path, *, audit_address: str = ""
) -> AsyncIterator[Secrets]:
    """The same, where it is not all that a test has; its events go to a fake unless somebody listens elsewhere."""
    key_file = tmp_path / "kms.key"
    key_file.write_text(base64.b64encode(os.urandom(32)).decode())
    databases.empty("secrets")
    signer, registry, audit, releaser = Signer(), fake_registry(), FakeAudit(), FakeReleaser()
    async with AsyncExitStack() as stack:

        async def serve(service: str, register: Any, fake: Any) -> str:
            return await stack.enter_async_context(on_channel(tls, service, register, fake))

        files, address = tls.settings("secrets"), free_address()
        settings = Settings(
            listen=address,
            database_url=databases.service_url("secrets"),
            database_password_file=databases.password_file("secrets"),
            tls_cert_file=files.tls_cert_file,
            tls_key_file=files.tls_key_file,
            tls_ca_file=files.tls_ca_file,
            page_key_file=tls.page_key_file,
            environment="local",
            tokens_address=await serve(
                "tokens", tokens_pb2_grpc.add_TokensInternalServiceServicer_to_server, FakeTokens(signer)
            ),
            audit_address=audit_address
            or await serve("audit", audit_pb2_grpc.add_AuditInternalServiceServicer_to_server, audit),
            config_address=await serve("config", config_pb2_grpc.add_ConfigInternalServiceServicer_to_server, registry),
            releaser_address=await serve(
                "releaser", releaser_pb2_grpc.add_ReleaserInternalServiceServicer_to_server, releaser
            ),
            kms_provider="local",
            kms_key_file=key_file,
        )
        await stack.enter_async_context(serving(settings, await assemble(settings)))
        channels = {
            caller: await stack.enter_async_context(tls.channel(address, service="secrets", caller=caller))
            for caller in ("gateway", "releaser", "config")
        }
        yield Secrets(
            signer, registry, audit, releaser, databases, channels, signer.user(), key_file, app_id=registry.add_app()
        )
