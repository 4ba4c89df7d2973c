"""Secrets of shared groups, with config and secrets as whole servers: claimed, kept from going, and gone with them."""

from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2, groups_pb2, groups_pb2_grpc
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id
from tests.fixtures.postgres import Databases
from tests.integration.variables.conftest import Platform


async def test_secrets_of_a_group_are_set_and_read_as_an_apps(platform: Platform) -> None:
    group = await _group(platform)
    await platform.app()
    changed = await platform.seal("shared", KEY="value")
    await _attach(platform)
    assert await platform.reveal("KEY", "shared") == "value"
    assert await platform.resolve(group.group_id, "KEY", version=changed.version) == {"KEY": "value"}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.reveal("KEY", "web")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_secret_that_another_group_of_an_app_has_is_refused(platform: Platform) -> None:
    await _group(platform)
    await _group(platform, "billing")
    await platform.app()
    await platform.seal("billing", KEY="1")
    for name in ("shared", "billing"):
        await _attach(platform, name)
    for stage in (False, True):
        with pytest.raises(grpc.aio.AioRpcError, match="web has the group billing as well"):
            await platform.seal("shared", KEY="2", stage=stage)
    with pytest.raises(grpc.aio.AioRpcError, match="web has the group billing as well"):
        await platform.set("shared", KEY="2")
    await platform.seal("shared", OTHER="2")


async def test_a_secret_that_an_app_has_of_a_group_is_not_unset(platform: Platform) -> None:
    await _group(platform)
    await platform.app()
    await platform.seal("shared", KEY="1", FREE="1")
    await _unset(platform, "FREE")
    await _attach(platform)
    for fields in ({}, {"stage": True}, {"validate_only": True}):
        with pytest.raises(grpc.aio.AioRpcError, match="KEY: from shared in web") as refused:
            await _unset(platform, "KEY", **fields)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    await platform.seal("web", KEY="own")
    await _unset(platform, "KEY")
    with pytest.raises(grpc.aio.AioRpcError):
        await platform.reveal("KEY", "shared")


async def test_a_caller_is_told_of_no_app_that_is_out_of_sight(platform: Platform) -> None:
    group = await _group(platform)
    await platform.app()
    await platform.seal("shared", KEY="1")
    await _attach(platform)
    limited = platform.signer.user(apps=frozenset({("shared", group.group_id)}))
    with pytest.raises(grpc.aio.AioRpcError, match="1 app that you may not see") as refused:
        await _unset(platform, "KEY", me=limited)
    assert "web" not in str(refused.value.details())


async def test_a_destroyed_group_leaves_no_secret(platform: Platform, databases: Databases) -> None:
    await _group(platform)
    await platform.seal("shared", KEY="1")
    request = groups_pb2.DestroyGroupRequest(request_id=random_id(), group="shared")
    await _groups(platform).DestroyGroup(request, metadata=platform.me)
    assert databases.look("secrets", "SELECT count(*) FROM sealed") == [(0,)]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.reveal("KEY", "shared")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


def _groups(platform: Platform) -> Any:
    return groups_pb2_grpc.GroupsServiceStub(platform.channels["config", "gateway"])


async def _group(platform: Platform, name: str = "shared") -> groups_pb2.Group:
    request = groups_pb2.CreateGroupRequest(request_id=random_id(), group=name)
    answer: groups_pb2.CreateGroupResponse = await _groups(platform).CreateGroup(request, metadata=platform.me)
    return answer.group


async def _attach(platform: Platform, group: str = "shared") -> config_pb2.Change:
    request = groups_pb2.AttachGroupRequest(request_id=random_id(), app="web", group=group)
    answer: groups_pb2.AttachGroupResponse = await _groups(platform).AttachGroup(request, metadata=platform.me)
    return answer.change


async def _unset(platform: Platform, *names: str, **fields: Any) -> None:
    me = fields.pop("me", platform.me)
    request = secrets_pb2.UnsetSecretsRequest(request_id=random_id(), app="shared", names=names, **fields)
    await platform.secrets.UnsetSecrets(request, metadata=me)
