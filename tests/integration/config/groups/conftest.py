"""How users and services call config about shared groups."""

from collections.abc import Coroutine, Mapping
from types import MappingProxyType
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from paas.config.v1 import config_pb2, groups_pb2, groups_pb2_grpc

from paaskit.clock import random_id
from tests.fakes.neighbours import Metadata
from tests.integration.config.conftest import House


class Groups:
    """GroupsService as the gateway calls it, and what services ask about groups."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.stub: Any = groups_pb2_grpc.GroupsServiceStub(house.channels["gateway"])

    async def make(
        self,
        name: str = "shared",
        /,
        *,
        me: Metadata | None = None,
        values: Mapping[str, str] = MappingProxyType({}),
        **more: str,
    ) -> groups_pb2.Group:
        """A new group, which has these config vars."""
        request = groups_pb2.CreateGroupRequest(request_id=random_id(), group=name)
        answer: groups_pb2.CreateGroupResponse = await self.stub.CreateGroup(request, metadata=me or self.house.me)
        if values or more:
            await self.house.set(name, me=me or self.house.me, **values, **more)
        return answer.group

    async def attach(
        self, group: str = "shared", app: str = "web", *, me: Metadata | None = None, **fields: Any
    ) -> groups_pb2.AttachGroupResponse:
        """Attach a group."""
        fields.setdefault("request_id", random_id())
        request = groups_pb2.AttachGroupRequest(group=group, app=app, **fields)
        answer: groups_pb2.AttachGroupResponse = await self.stub.AttachGroup(request, metadata=me or self.house.me)
        return answer

    async def detach(
        self, group: str = "shared", app: str = "web", *, me: Metadata | None = None, **fields: Any
    ) -> groups_pb2.DetachGroupResponse:
        """Detach a group."""
        fields.setdefault("request_id", random_id())
        request = groups_pb2.DetachGroupRequest(group=group, app=app, **fields)
        answer: groups_pb2.DetachGroupResponse = await self.stub.DetachGroup(request, metadata=me or self.house.me)
        return answer

    async def get(self, group: str = "shared", *, me: Metadata | None = None) -> groups_pb2.GetGroupResponse:
        """Read a group."""
        request = groups_pb2.GetGroupRequest(group=group)
        answer: groups_pb2.GetGroupResponse = await self.stub.GetGroup(request, metadata=me or self.house.me)
        return answer

    async def listed(self, *, me: Metadata | None = None, **fields: Any) -> groups_pb2.ListGroupsResponse:
        """One page of groups."""
        request = groups_pb2.ListGroupsRequest(**fields)
        answer: groups_pb2.ListGroupsResponse = await self.stub.ListGroups(request, metadata=me or self.house.me)
        return answer

    async def destroy(self, group: str = "shared", *, me: Metadata | None = None, request_id: str = "") -> None:
        """Destroy a group."""
        request = groups_pb2.DestroyGroupRequest(request_id=request_id or random_id(), group=group)
        await self.stub.DestroyGroup(request, metadata=me or self.house.me)

    async def given(self, app: str = "web", *, me: Metadata | None = None) -> dict[str, dict[str, str]]:
        """What an app has of its groups, by group and name."""
        listed = await self.house.listed(app, me=me)
        return {each.group: {var.name: var.value for var in each.vars} for each in listed.groups}

    async def groups_of(self, app: str = "web") -> list[str]:
        """The groups an app has, in their order."""
        request = config_pb2.GetAppRequest(app=app)
        answer: config_pb2.GetAppResponse = await self.house.config.GetApp(request, metadata=self.house.me)
        return list(answer.app.spec.groups)

    async def uses(self, group: groups_pb2.Group) -> dict[str, list[str]]:
        """What releaser is told: the apps that have a group, and their own names of it."""
        request = config_pb2.ListGroupUsesRequest(tenant="acme", group_id=group.group_id)
        answer: config_pb2.ListGroupUsesResponse = await self.house.internal("releaser").ListGroupUses(request)
        return {each.app: list(each.own_names) for each in answer.apps}

    async def check_unused(self, app_id: str, *names: str) -> None:
        """Ask as secrets does whether names may go."""
        request = config_pb2.CheckNamesUnusedRequest(tenant="acme", app_id=app_id, names=names)
        await self.house.internal("secrets").CheckNamesUnused(request)

    async def claim(self, group: groups_pb2.Group, *names: str, **fields: Any) -> Any:
        """Claim names in a group as secrets does."""
        return await self.house.claim(config_pb2.App(app_id=group.group_id), *names, **fields)

    async def restore(
        self, app_id: str, version: int, *, me: Metadata | None = None, **fields: Any
    ) -> config_pb2.RestoreVersionResponse:
        """Go back to a version as releaser does: by itself, or for `me`."""
        request = config_pb2.RestoreVersionRequest(
            tenant="acme",
            app_id=app_id,
            version=version,
            request_id=random_id(),
            change_id=random_id(),
            actor="user:zoe",
            description="Roll back",
            **fields,
        )
        stub = self.house.internal("releaser")
        answer: config_pb2.RestoreVersionResponse = await stub.RestoreVersion(request, metadata=me)
        return answer

    async def revert(self, app_id: str, before: int, after: int) -> config_pb2.RevertChangesResponse:
        """Take back what changed as releaser does."""
        request = config_pb2.RevertChangesRequest(
            tenant="acme", app_id=app_id, from_version=before, to_version=after, request_id=random_id()
        )
        answer: config_pb2.RevertChangesResponse = await self.house.internal("releaser").RevertChanges(request)
        return answer

    async def release_draft(self, app_id: str, app: str = "web") -> config_pb2.ReleaseDraftResponse:
        """Make live what is staged as releaser does."""
        draft = await self.house.internal("releaser").GetDraft(config_pb2.GetDraftRequest(tenant="acme", app_id=app_id))
        request = config_pb2.ReleaseDraftRequest(
            tenant="acme",
            app_id=app_id,
            request_id=random_id(),
            change_id=random_id(),
            revision=draft.revision,
            actor="user:zoe",
            description=f"Release the draft of {app}",
        )
        answer: config_pb2.ReleaseDraftResponse = await self.house.internal("releaser").ReleaseDraft(request)
        return answer


@pytest.fixture
def groups(house: House) -> Groups:
    """How groups are called."""
    return Groups(house)


async def refusal(call: Coroutine[Any, Any, Any]) -> tuple[grpc.StatusCode, str, str]:
    """Return the code, the reason and the sentence that a call is refused with."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code(), reason_of(refused.value), str(refused.value.details())


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the reason for machines."""
    status: status_pb2.Status | None = rpc_status.from_call(error)  # type: ignore[arg-type]  # as good as a call
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(each.Unpack(info) for each in status.details)
    return info.reason
