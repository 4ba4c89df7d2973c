"""Between protos and the domain, for what users call about shared groups: one short method per RPC."""

from typing import Any

from paas.config.v1 import groups_pb2, groups_pb2_grpc

from paaskit.access import AppRef, app_ref, current_caller, current_user, limited_to_other_apps
from paaskit.audit import actor_of
from paaskit.changes import Mutation, change_to
from paaskit.errors import FieldViolation, InvalidInput
from paaskit.paging import Pages, page_size
from paaskit.variables import check_group_name
from services.config.messages import group_to
from services.config.rules.groups import Groups
from services.config.rules.uses import Uses

_PAGE = 500


class GroupsServicer(groups_pb2_grpc.GroupsServiceServicer):
    """What users call."""

    def __init__(self, *, groups: Groups, uses: Uses, pages: Pages) -> None:
        self._groups = groups
        self._uses = uses
        self._pages = pages

    async def CreateGroup(self, request: groups_pb2.CreateGroupRequest, context: Any) -> groups_pb2.CreateGroupResponse:
        """Make a group."""
        made = await self._groups.create(
            actor_of(current_caller()), app_ref(request.group), request_id=request.request_id
        )
        return groups_pb2.CreateGroupResponse(group=group_to(made))

    async def GetGroup(self, request: groups_pb2.GetGroupRequest, context: Any) -> groups_pb2.GetGroupResponse:
        """Read one group, and which apps have it."""
        group, uses, hidden = await self._groups.get(app_ref(request.group))
        used_by = [groups_pb2.GroupUse(app=use.app, own_names=use.own_names) for use in uses]
        return groups_pb2.GetGroupResponse(group=group_to(group), used_by=used_by, hidden_apps=hidden)

    async def ListGroups(self, request: groups_pb2.ListGroupsRequest, context: Any) -> groups_pb2.ListGroupsResponse:
        """List the tenant's groups by name."""
        user = current_user()
        limit = page_size(request.page_size, default=_PAGE, most=_PAGE)
        (after,) = self._pages.open("ListGroups", user.tenant, request.page_token, str) or ("",)
        groups, more = await self._groups.page(user.tenant, after=after, limit=limit, ids=user.app_ids)
        return groups_pb2.ListGroupsResponse(
            groups=[group_to(group) for group in groups],
            next_page_token=self._pages.seal("ListGroups", user.tenant, more) if more else "",
        )

    async def DestroyGroup(
        self, request: groups_pb2.DestroyGroupRequest, context: Any
    ) -> groups_pb2.DestroyGroupResponse:
        """Destroy a group."""
        await self._groups.destroy(actor_of(current_caller()), app_ref(request.group), request_id=request.request_id)
        return groups_pb2.DestroyGroupResponse()

    async def AttachGroup(self, request: groups_pb2.AttachGroupRequest, context: Any) -> groups_pb2.AttachGroupResponse:
        """Attach a group to an app."""
        done = await self._uses.attach(actor_of(current_caller()), _mutation(request), _group_ref(request.group))
        return groups_pb2.AttachGroupResponse(change=change_to(done.change), hidden_changes=done.hidden)

    async def DetachGroup(self, request: groups_pb2.DetachGroupRequest, context: Any) -> groups_pb2.DetachGroupResponse:
        """Detach a group from an app."""
        done = await self._uses.detach(actor_of(current_caller()), _mutation(request), _group_ref(request.group))
        return groups_pb2.DetachGroupResponse(change=change_to(done.change), hidden_changes=done.hidden)


def _mutation(request: groups_pb2.AttachGroupRequest | groups_pb2.DetachGroupRequest) -> Mutation:
    return Mutation(
        request_id=request.request_id,
        app=app_ref(request.app),
        stage=request.stage,
        validate_only=request.validate_only,
    )


def _group_ref(name: str) -> AppRef:
    """Return the group that a request names beside its app, which is all that the gate has looked at.

    Raises InvalidInput, and PermissionDenied for a token that is limited to others, whether there is such a group or
    not.
    """
    problem = check_group_name(name)
    if problem is not None:
        raise InvalidInput(f"There can be no group of that name: {problem}.", fields=[FieldViolation("group", problem)])
    ref = app_ref(name)
    if not current_user().may_touch(name):
        raise limited_to_other_apps(ref.subject)
    return ref
