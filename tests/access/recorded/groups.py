"""The part of the story that is about a shared group."""

from collections.abc import Iterator

from paas.config.v1 import config_pb2, groups_pb2

from paaskit.clock import random_id
from tests.access.recorded.steps import TENANT, Step, config_internal, groups
from tests.access.recorded.table import ALLOWED


def about_a_group() -> Iterator[Step]:
    """Made, looked at, staged, attached, detached, and destroyed."""
    yield groups(
        "CreateGroup",
        lambda _: groups_pb2.CreateGroupRequest(request_id=random_id(), group="shared"),
        answer=groups_pb2.CreateGroupResponse,
        learn=lambda known, answer: setattr(known, "group_id", answer.group.group_id),
    )
    yield groups("GetGroup", lambda _: groups_pb2.GetGroupRequest(group="shared"))
    yield groups("ListGroups", lambda _: groups_pb2.ListGroupsRequest())
    yield _attach(stage=True)
    yield _detach(stage=True)
    yield _attach()
    yield config_internal(
        "ListGroupUses",
        lambda known: config_pb2.ListGroupUsesRequest(tenant=TENANT, group_id=known.group_id),
        by="releaser",
    )
    yield config_internal(
        "CheckNamesUnused",
        lambda known: config_pb2.CheckNamesUnusedRequest(tenant=TENANT, app_id=known.group_id, names=["NOT_SET"]),
        by="secrets",
    )
    yield _detach()
    yield groups("DestroyGroup", lambda _: groups_pb2.DestroyGroupRequest(request_id=random_id(), group="shared"))


def _attach(*, stage: bool = False) -> Step:
    return groups(
        "AttachGroup",
        lambda _: groups_pb2.AttachGroupRequest(request_id=random_id(), app="web", group="shared", stage=stage),
        way="allowed: staged" if stage else ALLOWED,
    )


def _detach(*, stage: bool = False) -> Step:
    return groups(
        "DetachGroup",
        lambda _: groups_pb2.DetachGroupRequest(request_id=random_id(), app="web", group="shared", stage=stage),
        way="allowed: staged" if stage else ALLOWED,
    )
