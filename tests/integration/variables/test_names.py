"""A name is a config var, a secret or a managed variable, and never two of them.

Covers what config and secrets must agree on, with both as whole servers. What secrets does while config is away or slow
is in tests/integration/secrets/test_claims.py.
"""

import asyncio
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
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
    assert "paas secrets:seal PLAIN" in str(refused.value.details())
    with pytest.raises(grpc.aio.AioRpcError):
        await platform.reveal("NEW")
    await platform.set(NEW="free")


@pytest.mark.parametrize("stage", [False, True])
async def test_what_is_staged_takes_its_name_on_both_sides(platform: Platform, stage: bool) -> None:
    await platform.app()
    await platform.set(PLAIN="1", stage=True)
    await platform.seal(SEALED="2", stage=True)
    for call in (platform.set(SEALED="x", stage=stage), platform.seal(PLAIN="x", stage=stage)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    await platform.secrets.DiscardStaged(
        secrets_pb2.DiscardStagedRequest(request_id=random_id(), app="web"), metadata=platform.me
    )
    await platform.set(SEALED="mine now", stage=stage)


async def test_config_var_becomes_a_secret_with_its_draft_and_not_before(platform: Platform) -> None:
    app = await platform.app()
    await platform.set(MOVED="1")
    with pytest.raises(grpc.aio.AioRpcError, match="secrets:seal MOVED"):
        await platform.seal(MOVED="1", stage=True)
    await _leave(platform, "MOVED")
    await platform.seal(MOVED="1", stage=True)
    with pytest.raises(grpc.aio.AioRpcError, match="secrets:seal MOVED"):
        await platform.seal(MOVED="1")  # it is a config var for as long as the draft is one
    assert await platform.vars() == {"MOVED": "1"}
    released = await _release_draft(platform, app.app_id)
    assert await platform.vars() == {}
    assert await platform.reveal("MOVED") == "1"
    state = await platform.config_for("releaser").GetDesiredState(
        config_pb2.GetDesiredStateRequest(tenant="acme", app_id=app.app_id, version=released.config_version)
    )
    assert (list(state.vars), list(state.sealed_names)) == ([], ["MOVED"])


async def test_draft_that_no_longer_gives_a_name_up_keeps_it_a_config_var(platform: Platform) -> None:
    app = await platform.app()
    await platform.set(MOVED="1")
    await _leave(platform, "MOVED")
    await platform.seal(MOVED="sealed", stage=True)
    await platform.config.DiscardStaged(
        config_pb2.DiscardStagedRequest(request_id=random_id(), app="web"), metadata=platform.me
    )
    with pytest.raises(grpc.aio.AioRpcError, match="secrets:seal MOVED"):
        await _release_draft(platform, app.app_id)
    await platform.secrets.DiscardStaged(
        secrets_pb2.DiscardStagedRequest(request_id=random_id(), app="web"), metadata=platform.me
    )
    await platform.set(MOVED="2")
    assert await platform.vars() == {"MOVED": "2"}


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


async def test_claim_that_nobody_settled_is_settled_in_the_end(platform: Platform, databases: Databases) -> None:
    app = await platform.app()
    await platform.seal(KEY="1")
    claim = config_pb2.ClaimNamesRequest(
        tenant="acme", app_id=app.app_id, claims=[config_pb2.Claim(name="LOST", size=1)], claim_id="lost-claim"
    )
    await platform.config_for("secrets").ClaimNames(claim)
    with pytest.raises(grpc.aio.AioRpcError):
        await platform.set(LOST="1")
    databases.look(
        "secrets",
        """INSERT INTO claims (tenant, app_id, name, claim_id, created_at)
           VALUES ('acme', %s, 'LOST', 'lost-claim', now() - interval '1 hour')""",
        (app.app_id,),
    )
    held = "SELECT count(*) FROM vars WHERE name = 'LOST' AND valid_to IS NULL"
    await until(lambda: databases.look("config", held) == [(0,)])
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
    assert platform.releaser.orders[-1].secrets_version == 2


async def test_detached_variable_is_gone(platform: Platform, databases: Databases) -> None:
    app = await platform.app()
    await _attach(platform, "postgres://secret")
    request = config_pb2.DetachManagedVarRequest(
        request_id=random_id(), tenant="acme", app="web", addon="postgres", name="DATABASE_URL"
    )
    await platform.config_for("provisioner").DetachManagedVar(request)
    assert await platform.vars() == {}
    stored = "SELECT count(*) FROM sealed WHERE valid_to IS NULL"
    await until(lambda: databases.look("secrets", stored) == [(0,)])
    assert await platform.resolve(app.app_id, "DATABASE_URL", version=2) == {}
    await platform.set(DATABASE_URL="now mine")


async def test_attaching_under_the_name_of_a_secret_leaves_nothing(platform: Platform, databases: Databases) -> None:
    await platform.app()
    await platform.seal(DATABASE_URL="mine")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _attach(platform, "postgres://secret")
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert await platform.reveal("DATABASE_URL") == "mine"
    await _unset(platform, "DATABASE_URL")
    assert (await _attach(platform, "postgres://secret")).release_status == config_pb2.RELEASE_STATUS_QUEUED
    kinds = databases.look("secrets", "SELECT kind FROM sealed WHERE valid_to IS NULL")
    assert kinds == [("managed",)]


async def test_what_a_failed_release_changed_goes_back_across_kinds(platform: Platform) -> None:
    """A var became a secret, and another secret a var: each service takes back its part, and waits for the other's."""
    app = await platform.app()
    await platform.set(A="1", B="2")
    good = await platform.seal(S="s")
    good_config = platform.releaser.orders[-1].config_version
    await platform.config.UnsetVars(
        config_pb2.UnsetVarsRequest(request_id=random_id(), app="web", names=["A"]), metadata=platform.me
    )
    await platform.seal(A="sealed now")
    bad = await _unset(platform, "S")
    bad_config = await platform.set(S="plain now")
    known: dict[str, Any] = {"tenant": "acme", "app_id": app.app_id, "actor": "user:ada"}
    versions: dict[str, Any] = {"from_version": good_config, "to_version": bad_config.version}
    internal = platform.config_for("releaser")
    first = await internal.RevertChanges(
        config_pb2.RevertChangesRequest(request_id="revert-web-9-1", **known, **versions)
    )
    assert list(first.taken) == ["A"]
    sealed = await platform.secrets_for("releaser").RevertChanges(
        secrets_pb2.RevertChangesRequest(
            request_id="revert-web-9-1", from_version=good.version, to_version=bad.version, **known
        )
    )
    assert {each.name for each in sealed.changes} == {"A", "S"}
    second = await internal.RevertChanges(
        config_pb2.RevertChangesRequest(request_id="revert-web-9-2", **known, **versions)
    )
    assert list(second.taken) == []
    assert await platform.vars() == {"A": "1", "B": "2"}
    assert await platform.resolve(app.app_id, "S", "A", version=sealed.version) == {"S": "s"}


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


async def test_destroyed_app_takes_its_secrets_along(platform: Platform, databases: Databases) -> None:
    await platform.app()
    await platform.seal(KEY="1", stage=True)
    await platform.seal(KEY="1")
    await platform.config.DestroyApp(
        config_pb2.DestroyAppRequest(request_id=random_id(), app="web"), metadata=platform.me
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.reveal("KEY")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert databases.look("secrets", "SELECT count(*) FROM sealed") == [(0,)]
    await platform.app()
    await platform.seal(KEY="2")
    assert await platform.reveal("KEY") == "2"


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


async def _leave(platform: Platform, name: str) -> None:
    """Stage that a config var is to be unset."""
    request = config_pb2.UnsetVarsRequest(request_id=random_id(), app="web", names=[name], stage=True)
    await platform.config.UnsetVars(request, metadata=platform.me)


async def _release_draft(platform: Platform, app_id: str) -> secrets_pb2.ReleaseDraftResponse:
    """What releaser does to release a draft: config's part where there is one, then that of secrets."""
    order: dict[str, Any] = {
        "tenant": "acme", "app_id": app_id, "request_id": random_id(), "change_id": random_id(),
        "actor": "user:ada@example.com", "description": "Release the draft",
    }  # fmt: skip
    config, secrets = platform.config_for("releaser"), platform.secrets_for("releaser")
    draft = await config.GetDraft(config_pb2.GetDraftRequest(tenant="acme", app_id=app_id))
    if draft.HasField("revision"):
        await config.ReleaseDraft(config_pb2.ReleaseDraftRequest(**order, revision=draft.revision))
    sealed = await secrets.GetDraft(secrets_pb2.GetDraftRequest(tenant="acme", app_id=app_id))
    request = secrets_pb2.ReleaseDraftRequest(**order, revision=sealed.revision)
    return await secrets.ReleaseDraft(request)  # type: ignore[no-any-return]  # a stub has no types
