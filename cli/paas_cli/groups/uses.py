"""Which apps a change of a shared group would be released to, for who looks before changing it.

An app is released anew where one of the names that change comes to it from the group; its own value wins, and then
nothing restarts. Must not be asked of an app but to find out that it is one.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed.assignments import listed
from paas_transport.rpc_error import RpcError

if TYPE_CHECKING:
    from paas.config.v1.groups_pb2 import GetGroupResponse

PATH = "/paas.config.v1.GroupsService/GetGroup"


@dataclass(frozen=True)
class Reached:
    """An app that has the group, and which of the names that change it has itself."""

    app: str
    own_names: tuple[str, ...]
    is_released: bool


@dataclass(frozen=True)
class Preview:
    """All of them by name, and how many more there are that the caller may not see."""

    group: str
    apps: tuple[Reached, ...]
    hidden: int

    def document(self) -> dict[str, object]:
        """As JSON shows it."""
        apps = [
            {"app": each.app, "would_release": each.is_released, "own_names": list(each.own_names)}
            for each in self.apps
        ]
        return {"apps": apps, "hidden_apps": self.hidden}

    def lines(self) -> Iterable[str]:
        """A line for each app, and what there is besides."""
        for each in self.apps:
            app, own = visible(each.app), own_wins(each.own_names)
            if each.is_released:
                yield f"Would release {app} ({own})" if own else f"Would release {app}"
            else:
                yield f"Would leave {app} as it is: {own}"
        if self.hidden:
            yield f"Would reach {hidden(self.hidden)}"
        if not self.apps and not self.hidden:
            yield f"No app has {visible(self.group)}, so nothing would restart"


def own_wins(names: Sequence[str]) -> str:
    """`its own LOG_LEVEL wins`; empty without any."""
    return f"its own {listed(names)} {'wins' if len(names) == 1 else 'win'}" if names else ""


def hidden(count: int) -> str:
    """`2 apps that you may not see`."""
    return "an app that you may not see" if count == 1 else f"{count} apps that you may not see"


def fetch(session: Session) -> "GetGroupResponse":
    """The group that is chosen, and who has it. Raises Failure."""
    from paas.config.v1 import groups_pb2

    return session.read(PATH, groups_pb2.GetGroupRequest(group=session.app), groups_pb2.GetGroupResponse)


def preview(session: Session, changed: Collection[str], *, unnamed: int = 0) -> Preview | None:
    """Whom a change of these names would reach, and of as many more that the caller may not list.

    None of an app, for who may not read groups, and where nothing changes.
    """
    if not changed and not unnamed:
        return None
    from paas.config.v1 import groups_pb2

    request = groups_pb2.GetGroupRequest(group=session.app)
    try:
        found = session.try_to_read(PATH, request, groups_pb2.GetGroupResponse)
    except RpcError:
        return None
    apps = tuple(_reached(each.app, each.own_names, changed, unnamed) for each in found.used_by)
    return Preview(session.app, apps, found.hidden_apps)


def show(session: Session, changed: Collection[str]) -> None:
    """Say whom a change of these names would reach, before it is asked whether to make it; nothing of an app."""
    reached = preview(session, changed)
    for line in reached.lines() if reached is not None else ():
        session.out.prose(line, hanging=2)


def _reached(app: str, own: Collection[str], changed: Collection[str], unnamed: int) -> Reached:
    names = tuple(name for name in changed if name in own)
    return Reached(app, names, is_released=len(names) < len(changed) + unnamed)
