"""The three services that share a change, as whole servers that call each other; tokens and audit are fakes.

The runtime is the test's: nothing runs, each rollout waits until it is let through, and fails where a variable says so.
"""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from paas.audit.v1 import audit_pb2_grpc
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc
from paas.tokens.v1 import tokens_pb2_grpc

from paaskit.clock import random_id
from services.config.server import assemble as assemble_config
from services.config.settings import Settings as ConfigSettings
from services.releaser import server as releaser_server
from services.releaser.runtimes.protocol import ApplyFailed, DesiredRelease, Hold, Progress, Report
from services.releaser.settings import Settings as ReleaserSettings
from services.secrets.server import assemble as assemble_secrets
from services.secrets.settings import Settings as SecretsSettings
from tests.fakes.neighbours import FakeAudit, FakeTokens, Metadata, Signer, on_channel
from tests.fakes.runtime import FakeRuntime, chosen
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until

BAD = "bad"
"""How a value ends that no rollout survives."""


class SteeredRuntime(FakeRuntime):
    """Lets a rollout through when the test says, and fails the ones that have a bad value."""

    def __init__(self) -> None:
        super().__init__()
        self._let_through = asyncio.Semaphore(0)
        self.ended = 0
        """How many rollouts came to their end, for better or worse."""

    @property
    def is_applying(self) -> bool:
        """Whether a rollout waits to be let through."""
        return bool(self.applying)

    def let_through(self) -> None:
        """Let one rollout go on."""
        self._let_through.release()

    async def apply(self, desired: DesiredRelease, report: Report, hold: Hold) -> None:
        self.applying.append(desired.key)
        try:
            await self._let_through.acquire()
            if any(value.reveal().endswith(BAD) for value in desired.variables.values()):
                raise ApplyFailed("The instance ended.")
            total = desired.spec.instances
            await report(Progress(updated=total, ready=total, old=0))
            self.applied.append(desired)
        finally:
            self.applying.remove(desired.key)
            self.ended += 1

    @property
    def environment(self) -> dict[str, str]:
        """What the last rollout that succeeded injected."""
        return {name: value.reveal() for name, value in self.applied[-1].variables.items()}


_ORDERED: Final = "SELECT 1 FROM outbox WHERE destination = 'releaser' LIMIT 1"
_OPEN: Final = "SELECT 1 FROM releases WHERE state IN ('queued', 'running') OR undo_due LIMIT 1"


@dataclass
class Staging:
    """The services, who calls them, and one app that is released."""

    runtime: SteeredRuntime
    audit: FakeAudit
    channels: dict[str, grpc.aio.Channel]
    signer: Signer
    me: Metadata = field(repr=False)
    databases: Databases = field(repr=False)
    app: str = "web"

    def __post_init__(self) -> None:
        self.config: Any = config_pb2_grpc.ConfigServiceStub(self.channels["config"])
        self.secrets: Any = secrets_pb2_grpc.SecretsServiceStub(self.channels["secrets"])
        self.releaser: Any = releaser_pb2_grpc.ReleaserServiceStub(self.channels["releaser"])

    def by(self, subject: str) -> Metadata:
        """The metadata of somebody else of the tenant."""
        return self.signer.user(subject=subject)

    async def create(self) -> None:
        """Make the app, with a first release that succeeded."""
        request = config_pb2.CreateAppRequest(
            request_id=random_id(), app=self.app, spec=config_pb2.AppSpec(command=["true"], instances=1)
        )
        await self.config.CreateApp(request, metadata=self.me)
        await self.rest()
        await self.finish()

    async def put(self, name: str, value: str, *, stage: bool = False, me: Metadata | None = None) -> Any:
        """Set a config var, or a secret where the name starts with `S`."""
        common: dict[str, Any] = {"request_id": random_id(), "app": self.app, "stage": stage}
        if name.startswith("S"):
            sealed = secrets_pb2.SecretAssignment(name=name, value=value)
            secret = secrets_pb2.SetSecretsRequest(secrets=[sealed], **common)
            return await self._ordered(await self.secrets.SetSecrets(secret, metadata=me or self.me))
        plain = config_pb2.SetVarsRequest(vars=[config_pb2.Assignment(name=name, value=value)], **common)
        return await self._ordered(await self.config.SetVars(plain, metadata=me or self.me))

    async def unset(self, name: str, *, stage: bool = False) -> Any:
        """Unset a config var or a secret; one that is not set is no error."""
        common: dict[str, Any] = {
            "request_id": random_id(),
            "app": self.app,
            "stage": stage,
            "names": [name],
            "ignore_missing": True,
        }
        if name.startswith("S"):
            secret = secrets_pb2.UnsetSecretsRequest(**common)
            return await self._ordered(await self.secrets.UnsetSecrets(secret, metadata=self.me))
        plain = config_pb2.UnsetVarsRequest(**common)
        return await self._ordered(await self.config.UnsetVars(plain, metadata=self.me))

    async def _ordered(self, answer: Any) -> Any:
        """An answer once releaser has the order, which it may have been too late to say, and has a moment later."""
        if answer.change.release_status == config_pb2.RELEASE_STATUS_PENDING:
            services = ("config", "secrets")
            await until(lambda: not any(self.databases.look(service, _ORDERED) for service in services))
        return answer

    async def discard(self) -> None:
        """Drop the draft."""
        request = config_pb2.DiscardStagedRequest(request_id=random_id(), app=self.app)
        await self.config.DiscardStaged(request, metadata=self.me)
        sealed = secrets_pb2.DiscardStagedRequest(request_id=random_id(), app=self.app)
        await self.secrets.DiscardStaged(sealed, metadata=self.me)

    async def release(self, *, replace_newer: bool = True, me: Metadata | None = None) -> releaser_pb2.Release:
        """Release the draft, or restart."""
        request = releaser_pb2.CreateReleaseRequest(request_id=random_id(), app=self.app, replace_newer=replace_newer)
        answer: releaser_pb2.CreateReleaseResponse = await self.releaser.CreateRelease(request, metadata=me or self.me)
        return answer.release

    async def live(self) -> dict[str, str]:
        """Every live variable with its value."""
        listed = await self.config.ListVars(config_pb2.ListVarsRequest(app=self.app), metadata=self.me)
        found = {each.name: each.value for each in listed.vars}
        sealed = await self.secrets.ListSecrets(secrets_pb2.ListSecretsRequest(app=self.app), metadata=self.me)
        for each in sealed.secrets:
            request = secrets_pb2.RevealSecretRequest(app=self.app, name=each.name)
            found[each.name] = (await self.secrets.RevealSecret(request, metadata=self.me)).value
        return found

    async def staged(self) -> set[str]:
        """The names that are staged."""
        listed = await self.config.ListVars(config_pb2.ListVarsRequest(app=self.app), metadata=self.me)
        sealed = await self.secrets.ListSecrets(secrets_pb2.ListSecretsRequest(app=self.app), metadata=self.me)
        return {each.name for each in [*listed.staged, *sealed.staged]}

    async def releases(self) -> list[releaser_pb2.Release]:
        """The newest releases, newest first."""
        request = releaser_pb2.ListReleasesRequest(app=self.app, page_size=100)
        answer: releaser_pb2.ListReleasesResponse = await self.releaser.ListReleases(request, metadata=self.me)
        return list(answer.releases)

    async def rest(self) -> None:
        """Return once a rollout waits to be let through, or there is nothing to do."""
        async with asyncio.timeout(PATIENCE):
            while not self.runtime.is_applying and self._is_something_due():
                await asyncio.sleep(0.01)

    def _is_something_due(self) -> bool:
        """Whether a release is open, or what becomes of a failed one."""
        return bool(self.databases.look("releaser", _OPEN))

    async def finish(self) -> bool:
        """Let the rollout that waits go through, and return once the next one waits; False where none waited."""
        if not self.runtime.applying:
            return False
        before = self.runtime.ended
        self.runtime.let_through()
        async with asyncio.timeout(PATIENCE):
            # The next rollout may begin at once, so that there is no moment at which none waits.
            while self.runtime.ended == before:
                await asyncio.sleep(0.005)
        await self.rest()
        return True


@pytest.fixture
async def staging(
    databases: Databases, tls: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Staging]:
    """The services on empty databases."""
    signer, audit, runtime = Signer(), FakeAudit(), SteeredRuntime()
    monkeypatch.setattr(releaser_server, "choose_runtime", chosen(runtime))
    key_file, page_key = tmp_path / "kms.key", tmp_path / "page.key"
    for file in (key_file, page_key):
        file.write_text(base64.b64encode(os.urandom(32)).decode())
    addresses = {service: free_address() for service in ("config", "secrets", "releaser")}
    for service in addresses:
        databases.empty(service)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        tokens = await enter(
            on_channel(tls, "tokens", tokens_pb2_grpc.add_TokensInternalServiceServicer_to_server, FakeTokens(signer))
        )
        audits = await enter(on_channel(tls, "audit", audit_pb2_grpc.add_AuditInternalServiceServicer_to_server, audit))

        def shared(service: str) -> dict[str, Any]:
            files = tls.settings(service)
            return {
                "listen": addresses[service],
                "database_url": databases.service_url(service),
                "database_password_file": databases.password_file(service),
                "tls_cert_file": files.tls_cert_file,
                "tls_key_file": files.tls_key_file,
                "tls_ca_file": files.tls_ca_file,
                "page_key_file": page_key,
                "environment": "local",
                "tokens_address": tokens,
                "audit_address": audits,
                **{f"{other}_address": address for other, address in addresses.items() if other != service},
            }

        config = ConfigSettings(**shared("config"))
        secrets = SecretsSettings(**shared("secrets"), kms_provider="local", kms_key_file=key_file)
        releaser = ReleaserSettings(
            **shared("releaser"), runtime="local", runtime_dir=str(tmp_path), spacing_seconds=0.0
        )
        await enter(serving(config, await assemble_config(config)))
        await enter(serving(secrets, await assemble_secrets(secrets)))
        await enter(serving(releaser, await releaser_server.assemble(releaser)))
        channels = {
            service: await enter(tls.channel(address, service=service, caller="gateway"))
            for service, address in addresses.items()
        }
        found = Staging(runtime, audit, channels, signer, signer.user(), databases)
        await found.create()
        yield found
