"""The releases of apps that one release of a shared group is, in words and as JSON. Must not call anything."""

from typing import TYPE_CHECKING

from paas_cli.releases.states import ENDED, QUEUED, STATES
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import GroupMember, Release


def state(member: "GroupMember") -> str:
    """`queued`, `running`, `succeeded`, `failed` or `superseded`."""
    return STATES.get(member.state, "unknown")


def has_ended(member: "GroupMember") -> bool:
    """Whether nothing more becomes of it."""
    return member.state in ENDED


def has_begun(member: "GroupMember") -> bool:
    """Whether there is more to say of it than that it waits for those before it."""
    return member.HasField("release") and member.state != QUEUED


def line(member: "GroupMember") -> str:
    """`web v8 running`; `web queued` as long as it waits for those before it."""
    number = f" v{member.release}" if member.HasField("release") else ""
    return f"{visible(member.app)}{number} {state(member)}"


def progress(release: "Release") -> str:
    """`1/3 apps`: how many of them have ended. Of those that may not be seen it is not known."""
    seen = f"{sum(map(has_ended, release.members))}/{counted(len(release.members))}"
    return f"{seen}, {release.hidden_members} more not seen" if release.hidden_members else seen


def counted(count: int) -> str:
    """`1 app`, `3 apps`."""
    return f"{count} {'app' if count == 1 else 'apps'}"


def documents(release: "Release") -> list[dict[str, object]]:
    """As JSON shows them."""
    return [
        {
            "app": member.app,
            "release": member.release if member.HasField("release") else None,
            "state": state(member),
        }
        for member in release.members
    ]
