"""Shared groups: apps without anything to run, whose variables others are given."""

from collections.abc import Iterator
from typing import Any

from paas.config.v1 import config_pb2
from paas.config.v1 import groups_pb2 as p

from tests.fakes.gateway import Fault
from tests.fakes.platform.state import NOW, App, Platform


def shown(platform: Platform, name: str) -> p.Group:
    group = platform.apps[name]
    return p.Group(
        group_id=f"id-{name}",
        name=name,
        version=group.version,
        created_at=NOW,
        names=len(group.names),
        apps=len(platform.used_by(name)),
    )


def group_of(platform: Platform, name: str) -> App:
    """A group the caller may see, or the answer for one that is not there, or is an app."""
    if name not in platform.apps or name in platform.hidden_groups:
        raise Fault(5, f"There is no group {name}; `paas groups` lists yours.", reason="GROUP_NOT_FOUND")
    if not platform.apps[name].is_group:
        raise Fault(5, f"{name} is an app; `paas apps:info -a {name}` shows it.", reason="NOT_A_GROUP")
    return platform.apps[name]


def create_group(platform: Platform, request: Any) -> Any:
    if request.group in platform.apps:
        what = "a group" if platform.apps[request.group].is_group else "an app"
        raise Fault(6, f"There is {what} {request.group} already; choose another name.", reason="APP_EXISTS")
    platform.add_group(request.group)
    return p.CreateGroupResponse(group=shown(platform, request.group))


def get_group(platform: Platform, request: Any) -> Any:
    group = group_of(platform, request.group)
    uses = [
        p.GroupUse(app=name, own_names=[each for each in group.names if each in platform.apps[name].names])
        for name in platform.used_by(request.group)
        if name not in platform.hidden_apps
    ]
    hidden = len(platform.used_by(request.group)) - len(uses)
    return p.GetGroupResponse(group=shown(platform, request.group), used_by=uses, hidden_apps=hidden)


def list_groups(platform: Platform, request: Any) -> Any:
    """Two a page, so that paging is always tried."""
    found = sorted(name for name, app in platform.apps.items() if app.is_group and name not in platform.hidden_groups)
    start = int(request.page_token or 0)
    return p.ListGroupsResponse(
        groups=[shown(platform, name) for name in found[start : start + 2]],
        next_page_token=str(start + 2) if start + 2 < len(found) else "",
    )


def destroy_group(platform: Platform, request: Any) -> Any:
    group_of(platform, request.group)
    if used := platform.used_by(request.group):
        detach = f"`paas groups:detach {request.group} -a {used[0]}`"
        raise Fault(9, f"{request.group} is attached to {', '.join(used)}; {detach} first.", reason="GROUP_IN_USE")
    del platform.apps[request.group]
    return p.DestroyGroupResponse()


def attach_group(platform: Platform, request: Any) -> Any:
    app, group = platform.app(request.app), group_of(platform, request.group)
    if app.is_group:
        raise Fault(9, f"{request.app} is a group, which holds no group.", reason="GROUP_IN_GROUP")
    for other in app.spec.groups:
        both = sorted(group.names & platform.apps[other].names)
        if both and other != request.group:
            has = f"{', '.join(both)}: {other}, which {request.app} has, has it too"
            raise Fault(9, f"{has}; unset it in one of the groups.", reason="GROUP_NAME_COLLIDES")
    groups = list(dict.fromkeys([*app.spec.groups, request.group]))
    change = _made(platform, request, groups, config_pb2.ACTION_ADDED, verb="Attached")
    return p.AttachGroupResponse(change=change, hidden_changes=platform.hidden_names)


def detach_group(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    group_of(platform, request.group)
    if request.group not in app.spec.groups:
        look = f"`paas apps:info {request.app}` shows what is"
        raise Fault(5, f"{request.group} is not attached to {request.app}; {look}.", reason="GROUP_NOT_ATTACHED")
    groups = [name for name in app.spec.groups if name != request.group]
    change = _made(platform, request, groups, config_pb2.ACTION_REMOVED, verb="Detached")
    return p.DetachGroupResponse(change=change, hidden_changes=platform.hidden_names)


def _made(platform: Platform, request: Any, groups: list[str], action: Any, *, verb: str) -> config_pb2.Change:
    app, group = platform.app(request.app), platform.apps[request.group]
    change = config_pb2.Change(version=app.version, release_status=config_pb2.RELEASE_STATUS_NONE)
    if groups == list(app.spec.groups):
        return change
    for name in sorted(group.names - app.names):
        change.changes.add(name=name, action=action)
    if request.validate_only:
        return change
    change.change_id = request.request_id
    if request.stage:
        app.staged_spec = config_pb2.AppSpec()
        app.staged_spec.CopyFrom(app.spec)
        app.staged_spec.groups[:] = groups
        change.release_status = config_pb2.RELEASE_STATUS_STAGED
        return change
    app.spec.groups[:] = groups
    app.version += 1
    change.version = app.version
    change.release_status = config_pb2.RELEASE_STATUS_QUEUED
    change.release = platform.release(request.app, f"{verb} {request.group}").number
    return change


def of_app(platform: Platform, app: App) -> Iterator[config_pb2.GroupVars]:
    """What an app has of its groups."""
    for name in app.spec.groups:
        if name in platform.hidden_groups:
            yield config_pb2.GroupVars(group=name, hidden=True)
            continue
        group = platform.apps[name]
        yield config_pb2.GroupVars(
            group=name,
            vars=[
                config_pb2.Var(name=n, value=v, kind=config_pb2.VAR_KIND_CONFIG, version=1, updated_at=NOW)
                for n, v in group.vars.items()
                if n not in app.names
            ],
            own_names=sorted(group.names & app.names),
        )


def refuse_collision(platform: Platform, name: str, new: Any) -> None:
    """Refuse names of a group that another group of one of its apps has."""
    for app in platform.used_by(name):
        for other in platform.apps[app].spec.groups:
            both = sorted(set(new) & platform.apps[other].names) if other != name else []
            if both:
                has = f"{', '.join(both)}: {other} has it too, and {app} has both groups"
                raise Fault(9, f"{has}; use another name, or detach one.", reason="GROUP_NAME_COLLIDES")


def refuse_used(platform: Platform, name: str, gone: list[str]) -> None:
    """Refuse to unset names of a group that an app gets from it."""
    for each in gone:
        if users := [app for app in platform.used_by(name) if each not in platform.apps[app].names]:
            have = f"{', '.join(users)} {'has' if len(users) == 1 else 'have'} {each} from {name}"
            raise Fault(9, f"{have}: set it there, or detach {name}, first.", reason="GROUP_NAME_IN_USE")


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {
        "CreateGroup": create_group,
        "GetGroup": get_group,
        "ListGroups": list_groups,
        "DestroyGroup": destroy_group,
        "AttachGroup": attach_group,
        "DetachGroup": detach_group,
    }
    platform.serve(p.DESCRIPTOR.services_by_name["GroupsService"], handlers)
