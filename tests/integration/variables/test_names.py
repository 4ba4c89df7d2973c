"""A name is a config var, a secret or a managed variable, and never two of them.

Covers what config and secrets must agree on, and what either does while the other is away or slow.
"""

import asyncio

import grpc
import pytest
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id
from tests.fixtures.postgres import Databases
from tests.integration.variables.conftest import Platform


async def test_config_var_and_secret_refuse_each_other_with_the_command_that_helps(platform: Platform) -> None:
    await platform.app()
    await platform.set(PLAIN="1")
    await platform.seal(SEALED="2")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.set(SEALED="x")
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "paas secrets:unset SEALED" in str(refused.value.details())
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.seal(PLAIN="x", NEW="y")
    assert "paas config:unset PLAIN" in str(refused.value.details())
    with pytest.raises(grpc.aio.AioRpcError):
        await platform.reveal("NEW")


async def test_unset_secret_is_free_for_config_at_once(platform: Platform) -> None:
    await platform.app()
    await platform.seal(MOVED="1")
    await _unset(platform, "MOVED")
    await platform.set(MOVED="2")
    assert await platform.vars() == {"MOVED": "2"}


async def test_race_for_one_name_has_one_winner(platform: Platform, databases: Databases) -> None:
    await platform.app()
    for index in range(10):
        name = f"RACE{index}"
        results = await asyncio.gather(
            platform.set(**{name: "plain"}), platform.seal(**{name: "sealed"}), return_exceptions=True
        )
        assert sum(isinstance(result, Exception) for result in results) == 1
        kinds = databases.look("config", "SELECT kind FROM vars WHERE name = %s AND valid_to IS NULL", (name,))
        stored = databases.look("secrets", "SELECT 1 FROM sealed WHERE name = %s AND valid_to IS NULL", (name,))
        assert (kinds, stored) in (([("config",)], []), ([("secret",)], [(1,)]))


async def test_claim_from_before_claims_had_ids_is_healed_by_unset(platform: Platform, databases: Databases) -> None:
    app = await platform.app()
    claim = config_pb2.Claim(name="LOST", size=1)
    await platform.config_for("secrets").ClaimNames(
        config_pb2.ClaimNamesRequest(tenant="acme", app_id=app.app_id, claims=[claim], claim_id="claim-1")
    )
    databases.look("config", "UPDATE vars SET claims = '{}' WHERE name = 'LOST'")
    with pytest.raises(grpc.aio.AioRpcError):
        await platform.set(LOST="1")
    with pytest.raises(grpc.aio.AioRpcError):
        await _unset(platform, "LOST")
    await platform.set(LOST="1")


async def test_managed_variable_is_listed_last_and_injected_and_no_ones_to_set(platform: Platform) -> None:
    app = await platform.app()
    url = "postgres://user:password@db/web"
    change = await _attach(platform, url)
    assert change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    await platform.set(A="1")
    assert list((await platform.vars()).items()) == [("A", "1"), ("DATABASE_URL", "postgres://...")]
    assert await platform.resolve(app.app_id, "DATABASE_URL", version=1) == {"DATABASE_URL": url}
    refusals = [
        platform.set(DATABASE_URL="mine"),
        platform.seal(DATABASE_URL="mine"),
        platform.reveal("DATABASE_URL"),
        _unset(platform, "DATABASE_URL"),
        platform.config.UnsetVars(
            config_pb2.UnsetVarsRequest(request_id=random_id(), app="web", names=["DATABASE_URL"]), metadata=platform.me
        ),
    ]
    for call in refusals:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "managed" in str(refused.value.details())
    assert (await _attach(platform, url)).release_status == config_pb2.RELEASE_STATUS_NONE
    assert (await _attach(platform, url + "2")).release_status == config_pb2.RELEASE_STATUS_QUEUED


async def test_detached_variable_is_gone(platform: Platform, databases: Databases) -> None:
    await platform.app()
    await _attach(platform, "postgres://secret")
    request = config_pb2.DetachManagedVarRequest(
        request_id=random_id(), tenant="acme", app="web", addon="postgres", name="DATABASE_URL"
    )
    await platform.config_for("provisioner").DetachManagedVar(request)
    assert await platform.vars() == {}
    assert databases.look("secrets", "SELECT 1 FROM sealed WHERE name = 'DATABASE_URL' AND valid_to IS NULL") == []
    await platform.set(DATABASE_URL="now mine")


async def test_going_back_moves_a_name_from_secrets_to_config_again(platform: Platform) -> None:
    """config, then secrets, then config once more: what releaser does for a rollback with secrets."""
    app = await platform.app()
    before = await platform.set(A="1", B="2")
    await platform.seal(S="s")
    await platform.config.UnsetVars(
        config_pb2.UnsetVarsRequest(request_id=random_id(), app="web", names=["A"]), metadata=platform.me
    )
    sealed = await platform.seal(A="sealed now")
    config, secrets = platform.config_for("releaser"), platform.secrets_for("releaser")
    request = config_pb2.RestoreVersionRequest(
        tenant="acme",
        app_id=app.app_id,
        version=before.version,
        request_id="rollback-1",
        change_id="rollback-1",
        actor="user:ada",
        description="Rollback to v2",
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await config.RestoreVersion(request)
    assert "A" in str(refused.value.details())
    request.skip_taken = True
    assert list((await config.RestoreVersion(request)).taken) == ["A"]
    of_secrets = secrets_pb2.RestoreVersionRequest(
        tenant="acme",
        app_id=app.app_id,
        version=sealed.version - 1,
        request_id="rollback-1",
        change_id="rollback-1",
        actor="user:ada",
        description="Rollback to v2",
    )
    assert [change.name for change in (await secrets.RestoreVersion(of_secrets)).changes] == ["A"]
    request.request_id = "rollback-1-2"
    first, second = await config.RestoreVersion(request), await config.RestoreVersion(request)
    assert first == second
    assert await platform.vars() == {"A": "1", "B": "2"}
    state = await config.GetDesiredState(
        config_pb2.GetDesiredStateRequest(tenant="acme", app_id=app.app_id, version=first.version)
    )
    assert list(state.sealed_names) == ["S"]


async def test_secret_of_an_unknown_app_claims_nothing(platform: Platform, databases: Databases) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.seal("absent", KEY="1")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert databases.look("secrets", "SELECT count(*) FROM apps") == [(0,)]


async def _attach(platform: Platform, value: str) -> config_pb2.Change:
    request = config_pb2.AttachManagedVarRequest(
        request_id=random_id(),
        tenant="acme",
        app="web",
        addon="postgres",
        name="DATABASE_URL",
        value=value,
        display="postgres://...",
    )
    return (await platform.config_for("provisioner").AttachManagedVar(request)).change  # type: ignore[no-any-return]


async def _unset(platform: Platform, *names: str) -> config_pb2.Change:
    request = secrets_pb2.UnsetSecretsRequest(request_id=random_id(), app="web", names=names)
    return (await platform.secrets.UnsetSecrets(request, metadata=platform.me)).change  # type: ignore[no-any-return]
