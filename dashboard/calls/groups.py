"""What there is to know of shared groups, and what becomes of them, as the person who looks."""

from paas.config.v1 import groups_pb2, groups_pb2_grpc

from dashboard.calls.caller import Caller

_PAGE = 500


async def list_groups(caller: Caller) -> list[groups_pb2.Group]:
    """Return all groups that the person may see, by name. Raises Refusal."""
    stub, found, token = groups_pb2_grpc.GroupsServiceStub(caller.channel), list[groups_pb2.Group](), ""
    while True:
        answer = await caller.call(stub.ListGroups, groups_pb2.ListGroupsRequest(page_size=_PAGE, page_token=token))
        found += answer.groups
        token = answer.next_page_token
        if not token:
            return found


async def get_group(caller: Caller, group: str) -> groups_pb2.GetGroupResponse:
    """Return a group, and who has it. Raises Refusal, as where there is none."""
    stub = groups_pb2_grpc.GroupsServiceStub(caller.channel)
    return await caller.call(stub.GetGroup, groups_pb2.GetGroupRequest(group=group))


async def create_group(caller: Caller, group: str, *, request_id: str) -> None:
    """Make a group. Raises Refusal, as where the name is taken."""
    stub = groups_pb2_grpc.GroupsServiceStub(caller.channel)
    await caller.call(stub.CreateGroup, groups_pb2.CreateGroupRequest(request_id=request_id, group=group))


async def attach(
    caller: Caller, group: str, *, app: str, request_id: str, stage: bool = False, validate_only: bool = False
) -> groups_pb2.AttachGroupResponse:
    """Give an app what the group has, or only say what that would be. Raises Refusal."""
    request = groups_pb2.AttachGroupRequest(
        request_id=request_id, app=app, group=group, stage=stage, validate_only=validate_only
    )
    return await caller.call(groups_pb2_grpc.GroupsServiceStub(caller.channel).AttachGroup, request)


async def detach(
    caller: Caller, group: str, *, app: str, request_id: str, stage: bool = False, validate_only: bool = False
) -> groups_pb2.DetachGroupResponse:
    """Take what the group has from an app, or only say what that would be. Raises Refusal."""
    request = groups_pb2.DetachGroupRequest(
        request_id=request_id, app=app, group=group, stage=stage, validate_only=validate_only
    )
    return await caller.call(groups_pb2_grpc.GroupsServiceStub(caller.channel).DetachGroup, request)
