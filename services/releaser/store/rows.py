"""Releases as rows: the columns every reading of one has, and what they stand for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from paaskit.changes import Action
from paaskit.db import Row
from paaskit.release_order import ReleasedChange
from services.releaser.domain import Kind, Release, State, Versions

RELEASE_COLUMNS: Final = """number, state, kind, description, actor, created_at, started_at, finished_at,
    config_version, secrets_version, changes, message, instances_updated, instances_ready, instances_old,
    instances_total, superseded_by, reverted_to, revert_release, reverted_names, reverted_secrets, source_release,
    undo_due, output"""


def release_of(row: Row) -> Release:
    """Return the release in a row of RELEASE_COLUMNS."""
    return Release(
        number=row.number,
        state=State(row.state),
        kind=Kind(row.kind),
        description=row.description,
        actor=row.actor,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        versions=Versions(config=row.config_version, secrets=row.secrets_version),
        changes=changes_of(row.changes),
        message=row.message,
        # What was ready before updated ones were counted was one of them.
        instances_updated=max(row.instances_updated, row.instances_ready),
        instances_ready=row.instances_ready,
        instances_old=row.instances_old,
        instances_total=row.instances_total,
        superseded_by=row.superseded_by,
        reverted_to=row.reverted_to,
        revert_release=row.revert_release,
        reverted_names=tuple(row.reverted_names),
        reverted_secrets=tuple(row.reverted_secrets),
        source_release=row.source_release,
        undo_due=row.undo_due,
        output=row.output,
    )


def changes_of(kept: Iterable[dict[str, Any]]) -> tuple[ReleasedChange, ...]:
    """Return the changes that were kept as JSON."""
    return tuple(
        ReleasedChange(
            name=each["name"],
            action=Action(each["action"]),
            secret=each["secret"],
            actor=each["actor"],
            staged_at=datetime.fromisoformat(each["staged_at"]) if "staged_at" in each else None,
            replaces_newer=each.get("replaces_newer", False),
        )
        for each in kept
    )


def changes_to(changes: Iterable[ReleasedChange]) -> list[dict[str, Any]]:
    """Return changes as the JSON they are kept as; names and people, never a value."""
    return [
        {"name": each.name, "action": each.action.value, "secret": each.secret, "actor": each.actor}
        | ({"staged_at": each.staged_at.isoformat()} if each.staged_at else {})
        | ({"replaces_newer": True} if each.replaces_newer else {})
        for each in changes
    ]
