"""Secrets of a shared group: before one goes, config is asked whether an app has it. Of an app's own, it is not.

What config says to that is in tests/integration/config/groups, and both together in tests/integration/variables.
"""

import grpc
import pytest
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id
from tests.fixtures.waiting import until
from tests.integration.secrets.conftest import Secrets


@pytest.fixture
def group(secrets: Secrets) -> Secrets:
    """secrets, where `web` is a group."""
    secrets.registry.groups.add(secrets.app_id)
    return secrets


@pytest.mark.parametrize("fields", [{}, {"stage": True}, {"validate_only": True}, {"ignore_missing": True}])
async def test_a_secret_in_use_is_not_unset(group: Secrets, fields: dict[str, bool]) -> None:
    await group.set(A="1", B="2")
    group.registry.used.add("A")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await group.unset("A", "B", **fields)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "from shared in web" in str(refused.value.details())
    assert await group.values() == {"A": "1", "B": "2"}
    assert group.registry.secrets(group.app_id) == ["A", "B"]
    await group.unset("B", **fields)
    assert group.registry.checked == [["A", "B"], ["B"]]


async def test_a_staged_unset_is_refused_where_the_name_came_into_use_since(group: Secrets) -> None:
    await group.set(A="1", KEPT="1")
    await group.unset("A", stage=True)
    group.registry.used.add("A")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _release(group)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert await group.values() == {"A": "1", "KEPT": "1"}
    group.registry.used.clear()
    await _release(group)
    assert await group.values() == {"KEPT": "1"}


async def test_what_is_only_staged_may_go(group: Secrets) -> None:
    await group.set(A="1", stage=True)
    group.registry.used.add("A")
    await group.unset("A", stage=True)
    assert group.registry.checked == []


async def test_undoing_and_going_back_ask_nobody(group: Secrets) -> None:
    await group.set(A="1")
    await group.set(B="2")
    group.registry.used |= {"A", "B"}
    await group.revert(1, 2)
    await group.set(B="2")
    await group.restore(1)
    assert await group.values() == {"A": "1"}
    assert group.registry.checked == []


async def test_while_config_is_away_nothing_of_a_group_goes(group: Secrets) -> None:
    await group.set(A="1")
    group.registry.down = True
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await group.unset("A")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    group.registry.down = False
    await group.unset("A")
    await until(group.names_at_rest)


async def test_of_an_app_nobody_is_asked(secrets: Secrets) -> None:
    await secrets.set(A="1", B="2")
    await secrets.unset("A")
    await secrets.unset("B", stage=True)
    await _release(secrets)
    assert await secrets.values() == {}
    assert secrets.registry.checked == []


async def _release(secrets: Secrets) -> None:
    draft = await secrets.releasers.GetDraft(secrets_pb2.GetDraftRequest(tenant="acme", app_id=secrets.app_id))
    await secrets.releasers.ReleaseDraft(
        secrets_pb2.ReleaseDraftRequest(
            tenant="acme",
            app_id=secrets.app_id,
            request_id=random_id(),
            change_id=random_id(),
            revision=draft.revision,
            actor="user:zoe",
            description="Release",
        )
    )
