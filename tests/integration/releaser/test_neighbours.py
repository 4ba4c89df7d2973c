"""releaser with the real config and secrets: the three services on real databases, with real processes.

Covers what only their agreement can show; tokens and audit are fakes.
"""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from paas.audit.v1 import audit_pb2_grpc
from paas.config.v1 import config_pb2, config_pb2_grpc, groups_pb2, groups_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc
from paas.tokens.v1 import tokens_pb2_grpc

from paaskit.clock import random_id
from services.config.server import assemble as assemble_config
from services.config.settings import Settings as ConfigSettings
from services.releaser.server import assemble as assemble_releaser
from services.releaser.settings import Settings as ReleaserSettings
from services.secrets.server import assemble as assemble_secrets
from services.secrets.settings import Settings as SecretsSettings
from tests.fakes.neighbours import FakeAudit, FakeTokens, Metadata, Signer, on_channel
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.releaser.conftest import PROGRAM, environment_on

SUCCEEDED, FAILED = releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED


@dataclass
class Trio:
    """The three services as the gateway calls them, and the audit that hears of all."""

    config: Any
    groups: Any
    secrets: Any
    releaser: Any
    audit: FakeAudit
    me: Metadata

    async def create(self, *, app: str = "web", instances: int = 2) -> config_pb2.Change:
        """Create an app."""
        spec = config_pb2.AppSpec(command=PROGRAM, instances=instances, health_path="/")
        request = config_pb2.CreateAppRequest(request_id=random_id(), app=app, spec=spec)
        answer: config_pb2.CreateAppResponse = await self.config.CreateApp(request, metadata=self.me)
        return answer.change

    async def share(self, *apps: str) -> None:
        """Make the group `shared`, and attach it to apps."""
        made = groups_pb2.CreateGroupRequest(request_id=random_id(), group="shared")
        await self.groups.CreateGroup(made, metadata=self.me)
        for app in apps:
            request = groups_pb2.AttachGroupRequest(request_id=random_id(), app=app, group="shared")
            attached = (await self.groups.AttachGroup(request, metadata=self.me)).change
            assert (await self.end(attached.release, app=app)).state == SUCCEEDED

    async def set(self, *, app: str = "web", stage: bool = False, **values: str) -> config_pb2.Change:
        """Set config vars."""
        listed = [config_pb2.Assignment(name=name, value=value) for name, value in values.items()]
        request = config_pb2.SetVarsRequest(request_id=random_id(), app=app, vars=listed, stage=stage)
        answer: config_pb2.SetVarsResponse = await self.config.SetVars(request, metadata=self.me)
        return answer.change

    async def seal(self, *, app: str = "web", stage: bool = False, **values: str) -> config_pb2.Change:
        """Set secrets."""
        listed = [secrets_pb2.SecretAssignment(name=name, value=value) for name, value in values.items()]
        request = secrets_pb2.SetSecretsRequest(request_id=random_id(), app=app, secrets=listed, stage=stage)
        answer: secrets_pb2.SetSecretsResponse = await self.secrets.SetSecrets(request, metadata=self.me)
        return answer.change

    async def end(self, number: int, *, app: str = "web") -> releaser_pb2.Release:
        """How a release ends."""
        request = releaser_pb2.WatchReleaseRequest(app=app, number=number)
        watched = self.releaser.WatchRelease(request, metadata=self.me, timeout=PATIENCE)
        ended: releaser_pb2.Release = [answer.release async for answer in watched][-1]
        return ended

    async def environments(self, app: str = "web") -> list[dict[str, str]]:
        """What each instance runs with."""
        request = releaser_pb2.ListInstancesRequest(app=app)
        listed = (await self.releaser.ListInstances(request, metadata=self.me)).instances
        return [await asyncio.to_thread(environment_on, instance.port) for instance in listed]


@pytest.fixture
async def trio(databases: Databases, tls: Certificates, tmp_path: Path, runtime_dir: Path) -> AsyncIterator[Trio]:
    """All three on empty databases."""
    signer, audit = Signer(), FakeAudit()
    key_file = tmp_path / "kms.key"
    key_file.write_text(base64.b64encode(os.urandom(32)).decode())
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        keys = FakeTokens(signer)
        register = tokens_pb2_grpc.add_TokensInternalServiceServicer_to_server
        tokens_address = await enter(on_channel(tls, "tokens", register, keys))
        register_audit = audit_pb2_grpc.add_AuditInternalServiceServicer_to_server
        audit_address = await enter(on_channel(tls, "audit", register_audit, audit))
        addresses = {name: free_address() for name in ("config", "secrets", "releaser")}

        def shared(service: str) -> dict[str, Any]:
            files = tls.settings(service)
            databases.empty(service)
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
            } | {f"{name}_address": address for name, address in addresses.items() if name != service}

        config = ConfigSettings(**shared("config"))
        secrets = SecretsSettings(**shared("secrets"), kms_provider="local", kms_key_file=key_file)
        limits: dict[str, Any] = {"ready_timeout_seconds": PATIENCE, "grace_seconds": 0.5, "spacing_seconds": 0.2}
        releaser = ReleaserSettings(**shared("releaser"), runtime="local", runtime_dir=str(runtime_dir), **limits)
        await enter(serving(config, await assemble_config(config)))
        await enter(serving(secrets, await assemble_secrets(secrets)))
        await enter(serving(releaser, await assemble_releaser(releaser)))
        channels = {
            name: await enter(tls.connected(address, service=name, caller="gateway"))
            for name, address in addresses.items()
        }
        yield Trio(
            config_pb2_grpc.ConfigServiceStub(channels["config"]),
            groups_pb2_grpc.GroupsServiceStub(channels["config"]),
            secrets_pb2_grpc.SecretsServiceStub(channels["secrets"]),
            releaser_pb2_grpc.ReleaserServiceStub(channels["releaser"]),
            audit,
            signer.user(),
        )


async def test_config_and_secrets_reach_the_program(trio: Trio) -> None:
    created = await trio.create()
    assert (created.release_status, created.release) == (config_pb2.RELEASE_STATUS_QUEUED, 1)
    assert (await trio.end(1)).state == SUCCEEDED
    changed = await trio.set(NODE_ENV="production", LOG_LEVEL="info")
    assert (await trio.end(changed.release)).state == SUCCEEDED
    sealed = await trio.seal(API_KEY="sk_1")
    assert (await trio.end(sealed.release)).state == SUCCEEDED
    for environment in await trio.environments():
        found = (environment["NODE_ENV"], environment["LOG_LEVEL"], environment["API_KEY"])
        assert found == ("production", "info", "sk_1")


async def test_staged_changes_are_released_together(trio: Trio) -> None:
    await trio.create(instances=1)
    await trio.end(1)
    staged = await trio.seal(stage=True, KEY="staged")
    assert (staged.release_status, staged.HasField("release")) == (config_pb2.RELEASE_STATUS_STAGED, False)
    await trio.end((await trio.set(LIVE="1")).release)
    assert ["KEY" in environment for environment in await trio.environments()] == [False]
    request = releaser_pb2.CreateReleaseRequest(request_id=random_id(), app="web")
    release = (await trio.releaser.CreateRelease(request, metadata=trio.me)).release
    assert (await trio.end(release.number)).state == SUCCEEDED
    assert [environment["KEY"] for environment in await trio.environments()] == ["staged"]


async def test_a_failed_change_of_both_is_taken_back(trio: Trio) -> None:
    await trio.end((await trio.create(instances=1)).release)
    await trio.end((await trio.set(COLOUR="blue")).release)
    good = (await trio.seal(KEY="good")).release
    assert (await trio.end(good)).state == SUCCEEDED
    await trio.seal(stage=True, KEY="bad", EXTRA="x")
    await trio.set(stage=True, CRASH="1", COLOUR="red")
    request = releaser_pb2.CreateReleaseRequest(request_id=random_id(), app="web")
    released = (await trio.releaser.CreateRelease(request, metadata=trio.me)).release
    await trio.seal(stage=True, LATER="stays")
    failed = await trio.end(released.number)
    assert (failed.state, failed.reverted_to) == (FAILED, good)
    assert sorted(failed.reverted_names) == ["COLOUR", "CRASH", "EXTRA", "KEY"]
    assert (await trio.end(failed.revert_release)).state == SUCCEEDED
    (environment,) = await trio.environments()
    assert (environment["COLOUR"], environment["KEY"]) == ("blue", "good")
    assert not {"CRASH", "EXTRA", "LATER"} & set(environment)
    listed = await trio.secrets.ListSecrets(secrets_pb2.ListSecretsRequest(app="web"), metadata=trio.me)
    assert [secret.name for secret in listed.secrets] == ["KEY"]
    assert [secret.name for secret in listed.staged] == ["LATER"]
    # The name is free again in config's registry.
    assert (await trio.end((await trio.set(EXTRA="plain")).release)).state == SUCCEEDED


async def test_rollback_keeps_rotated_secrets(trio: Trio) -> None:
    await trio.end((await trio.create(instances=1)).release)
    await trio.seal(KEY="leaked")
    old = (await trio.set(COLOUR="blue")).release
    await trio.end(old)
    await trio.end((await trio.set(COLOUR="green")).release)
    await trio.end((await trio.seal(KEY="rotated")).release)
    for with_secrets, key in ((False, "rotated"), (True, "leaked")):
        request = releaser_pb2.RollbackRequest(request_id=random_id(), app="web", number=old, with_secrets=with_secrets)
        made = (await trio.releaser.Rollback(request, metadata=trio.me)).release
        assert (await trio.end(made.number)).state == SUCCEEDED
        (environment,) = await trio.environments()
        assert (environment["COLOUR"], environment["KEY"]) == ("blue", key)


async def test_a_rotated_secret_overlaps_with_the_one_before(trio: Trio) -> None:
    await trio.end((await trio.create(instances=1)).release)
    await trio.end((await trio.seal(KEY="old")).release)
    request = secrets_pb2.RotateSecretRequest(request_id=random_id(), app="web", name="KEY", value="new")
    request.overlap.seconds = 3600
    change = (await trio.secrets.RotateSecret(request, metadata=trio.me)).change
    assert (await trio.end(change.release)).state == SUCCEEDED
    (environment,) = await trio.environments()
    assert (environment["KEY"], environment["KEY_PREVIOUS"]) == ("new", "old")


async def test_a_destroyed_app_is_gone(trio: Trio) -> None:
    await trio.end((await trio.create()).release)
    instances = releaser_pb2.ListInstancesRequest(app="web")
    ports = [each.port for each in (await trio.releaser.ListInstances(instances, metadata=trio.me)).instances]
    request = config_pb2.DestroyAppRequest(request_id=random_id(), app="web")
    await trio.config.DestroyApp(request, metadata=trio.me)

    def has_ended() -> bool:
        try:
            environment_on(ports[0])
        except OSError:
            return True
        return False

    await until(has_ended)
    with pytest.raises(grpc.aio.AioRpcError) as absent:
        await trio.releaser.ListInstances(instances, metadata=trio.me)
    assert absent.value.code() is grpc.StatusCode.NOT_FOUND

    made: list[config_pb2.Change] = []

    async def is_made_anew() -> bool:
        # The name is free once every service has been told of the end.
        with suppress(grpc.aio.AioRpcError):
            made.append(await trio.create(instances=1))
        return bool(made)

    await until(is_made_anew)
    assert (await trio.end(made[0].release)).state == SUCCEEDED


async def test_what_is_shared_reaches_every_app_and_is_taken_back_from_all(trio: Trio) -> None:
    for app in ("api", "web"):
        await trio.end((await trio.create(app=app, instances=1)).release, app=app)
    await trio.share("api", "web")
    first = await trio.set(app="shared", REGION="eu")
    assert (await trio.end(first.release, app="shared")).state == SUCCEEDED
    sealed = await trio.end((await trio.seal(app="shared", KEY="good")).release, app="shared")
    assert [(each.app, each.state) for each in sealed.members] == [("api", SUCCEEDED), ("web", SUCCEEDED)]
    assert (await trio.end((await trio.set(REGION="us")).release)).state == SUCCEEDED
    shown = []
    for app in ("api", "web"):
        (environment,) = await trio.environments(app)
        shown.append((environment["REGION"], environment["KEY"]))
    assert shown == [("eu", "good"), ("us", "good")]

    await trio.seal(app="shared", stage=True, KEY="bad")
    await trio.set(app="shared", stage=True, CRASH="1", REGION="uk")
    request = releaser_pb2.CreateReleaseRequest(request_id=random_id(), app="shared")
    draft = (await trio.releaser.CreateRelease(request, metadata=trio.me)).release
    failed = await trio.end(draft.number, app="shared")
    assert (failed.state, sorted(failed.reverted_names)) == (FAILED, ["CRASH", "KEY", "REGION"])
    assert failed.message.startswith("v")
    assert (await trio.end(failed.revert_release, app="shared")).state == SUCCEEDED
    for app, region in (("api", "eu"), ("web", "us")):
        (environment,) = await trio.environments(app)
        assert (environment["REGION"], environment["KEY"]) == (region, "good")
        assert "CRASH" not in environment


async def test_an_app_that_loses_a_group_loses_what_it_had_of_it(trio: Trio) -> None:
    await trio.end((await trio.create(instances=1)).release)
    await trio.share("web")
    await trio.end((await trio.set(app="shared", REGION="eu")).release, app="shared")
    assert [environment["REGION"] for environment in await trio.environments()] == ["eu"]
    request = groups_pb2.DetachGroupRequest(request_id=random_id(), app="web", group="shared")
    detached = (await trio.groups.DetachGroup(request, metadata=trio.me)).change
    assert (await trio.end(detached.release)).state == SUCCEEDED
    assert ["REGION" in environment for environment in await trio.environments()] == [False]
    destroyed = groups_pb2.DestroyGroupRequest(request_id=random_id(), group="shared")
    await trio.groups.DestroyGroup(destroyed, metadata=trio.me)
    back = releaser_pb2.RollbackRequest(request_id=random_id(), app="web", number=3)
    answer = await trio.releaser.Rollback(back, metadata=trio.me)
    assert list(answer.gone_groups) == ["shared"]
    assert (await trio.end(answer.release.number)).state == SUCCEEDED
