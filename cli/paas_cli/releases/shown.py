"""A release and what it changes, in words and as JSON. Must not call anything."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from paas_cli.groups import members, versions
from paas_cli.releases import actions
from paas_cli.releases.states import RUNNING, STATES, SUPERSEDED
from paas_cli.terminal import times
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release, ReleasedChange

# What stands for the app's spec where others are named.
SPEC = "what the app runs"
STYLES = {"queued": "dim", "running": "cyan", "succeeded": "green", "failed": "red", "superseded": "yellow"}


def state(release: "Release") -> str:
    """`queued`, `running`, `succeeded`, `failed` or `superseded`."""
    return STATES.get(release.state, "unknown")


def status_line(release: "Release") -> str:
    """`v12 running 1/2`: one line of progress. Why it failed is the error's to say, which follows."""
    line = f"v{release.number} {state(release)}"
    if release.state == RUNNING and release.members:
        line += f" {members.progress(release)}"
    elif release.state == RUNNING and release.instances_total:
        line += f" {release.instances_ready}/{release.instances_total}"
    if is_waiting(release):
        line += f": {visible(release.message)}"
    if release.state == SUPERSEDED:
        line += f" by {numbered(release, 'superseded_by')}"
    return line


def progress(release: "Release") -> str:
    """`2/4 updated, 1 ready, 3 old`: how far its rollout is; empty where it has no instances. At most 35 characters.

    Of a group's release `1/3 apps`.
    """
    if release.members:
        return members.progress(release)
    if not release.instances_total:
        return ""
    old = f", {release.instances_old} old" if release.instances_old else ""
    return f"{release.instances_updated}/{release.instances_total} updated, {release.instances_ready} ready{old}"


def is_waiting(release: "Release") -> bool:
    """Whether it stands still until a service is back; its message says which."""
    return release.state == RUNNING and bool(release.message)


Number = Literal[
    "config_version", "secrets_version", "superseded_by", "reverted_to", "revert_release", "source_release"
]


def number(release: "Release", field: Number) -> int | None:
    """One of its optional numbers; None where it is not set, which is not zero."""
    found: int = getattr(release, field)
    return found if release.HasField(field) else None


def numbered(release: "Release", field: Number) -> str:
    """`v12`, empty where the number is not set."""
    found = number(release, field)
    return "" if found is None else f"v{found}"


def document(release: "Release") -> dict[str, object]:
    """The release as JSON shows it; what is not set is null."""
    return {
        "number": release.number,
        "state": state(release),
        "description": release.description,
        "actor": release.actor,
        "config_version": number(release, "config_version"),
        "secrets_version": number(release, "secrets_version"),
        "created_at": times.or_null(release.created_at),
        "started_at": times.or_null(release.started_at),
        "finished_at": times.or_null(release.finished_at),
        "message": release.message or None,
        "instances_updated": release.instances_updated,
        "instances_ready": release.instances_ready,
        "instances_old": release.instances_old,
        "instances_total": release.instances_total,
        "superseded_by": number(release, "superseded_by"),
        "reverted_to": number(release, "reverted_to"),
        "revert_release": number(release, "revert_release"),
        "reverted_names": list(release.reverted_names),
        "source_release": number(release, "source_release"),
        "changes": change_documents(release.changes),
        "hidden_changes": release.hidden_changes,
        "output": release.output or None,
        "members": members.documents(release),
        "hidden_members": release.hidden_members,
        "groups": versions.documents(release),
    }


def output_lines(release: "Release") -> list[str]:
    """The end of what a failing instance wrote, as it is printed under a heading; empty where it is not known."""
    if not release.output:
        return []
    return [
        "The instance that failed wrote at last:",
        *(f"  | {visible(line)}" for line in release.output.splitlines()),
    ]


def change_documents(changes: "Iterable[ReleasedChange]") -> list[dict[str, object]]:
    """What a release does, name by name, as JSON shows it; the name of the app's spec is null."""
    return [
        {
            "name": change.name or None,
            "kind": kind(change),
            "action": actions.word(change.action),
            "actor": change.actor,
            "staged_at": times.or_null(change.staged_at),
            "replaces_newer": change.replaces_newer,
        }
        for change in changes
    ]


def kind(change: "ReleasedChange") -> str:
    """`config`, `secret`, or `spec` for what the app runs."""
    if not change.name:
        return "spec"
    return "secret" if change.secret else "config"


def change_line(change: "ReleasedChange") -> str:
    """`changed A, staged by user:ada@example.com at 2026-05-08T13:42:00Z`: what became of one name, and by whom."""
    name = visible(change.name) + (" (secret)" if change.secret else "") if change.name else SPEC
    staged_at = times.to_second(change.staged_at)
    when = f" at {staged_at}" if staged_at else ""
    newer = ", in place of a newer value" if change.replaces_newer else ""
    return f"{actions.word(change.action)} {name}, {'staged ' if when else ''}by {visible(change.actor)}{when}{newer}"


def hidden(count: int) -> str:
    """`2 secrets you may not list`: what stands for changes whose names are not told."""
    return "a secret you may not list" if count == 1 else f"{count} secrets you may not list"
