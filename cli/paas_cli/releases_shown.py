"""A release in words and as JSON. Must not call anything."""

from typing import TYPE_CHECKING

from paas_cli import times
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release

QUEUED, RUNNING, SUCCEEDED, FAILED, SUPERSEDED = 1, 2, 3, 4, 5
STATES = {QUEUED: "queued", RUNNING: "running", SUCCEEDED: "succeeded", FAILED: "failed", SUPERSEDED: "superseded"}
ENDED = (SUCCEEDED, FAILED, SUPERSEDED)
STYLES = {"queued": "dim", "running": "cyan", "succeeded": "green", "failed": "red", "superseded": "yellow"}


def state(release: "Release") -> str:
    """`queued`, `running`, `succeeded`, `failed` or `superseded`."""
    return STATES.get(release.state, "unknown")


def status_line(release: "Release") -> str:
    """`v12 running 1/2`: one line of progress."""
    line = f"v{release.number} {state(release)}"
    if release.state == RUNNING and release.instances_total:
        line += f" {release.instances_ready}/{release.instances_total}"
    if is_waiting(release):
        line += f": {visible(release.message)}"
    if release.state == SUPERSEDED:
        line += f" by v{release.superseded_by}"
    if release.state == FAILED and release.message:
        line += f": {visible(release.message)}"
    return line


def is_waiting(release: "Release") -> bool:
    """Whether it stands still until a service is back; its message says which."""
    return release.state == RUNNING and bool(release.message)


def document(release: "Release") -> dict[str, object]:
    """The release as JSON shows it; what is not set is null."""
    return {
        "number": release.number,
        "state": state(release),
        "description": release.description,
        "actor": release.actor,
        "config_version": release.config_version or None,
        "secrets_version": release.secrets_version or None,
        "created_at": times.or_null(release.created_at),
        "started_at": times.or_null(release.started_at),
        "finished_at": times.or_null(release.finished_at),
        "message": release.message or None,
        "instances_ready": release.instances_ready,
        "instances_total": release.instances_total,
        "superseded_by": release.superseded_by or None,
        "reverted_to": release.reverted_to or None,
        "revert_release": release.revert_release or None,
        "reverted_names": list(release.reverted_names),
        "source_release": release.source_release or None,
    }
