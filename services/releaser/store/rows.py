"""Releases as rows: the columns every reading of one has, and what they stand for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from paaskit.changes import Action
from paaskit.db import Row
from paaskit.release_order import ReleasedChange
from services.releaser.domain import FanOutState, GroupRef, Kind, Member, Pin, Release, State, Versions

RELEASE_COLUMNS: Final = """number, state, kind, description, actor, created_at, started_at, finished_at,
    config_version, secrets_version, changes, message, instances_updated, instances_ready, instances_old,
    instances_total, superseded_by, reverted_to, revert_release, reverted_names, reverted_secrets, source_release,
    undo_due, output, fan_out, stopped_by, (
        SELECT json_agg(json_build_array(p.group_id, p.name, p.config_version, p.secrets_version) ORDER BY p.place)
        FROM pins p WHERE p.tenant = releases.tenant AND p.app_id = releases.app_id AND p.number = releases.number
          AND p.place IS NOT NULL) AS groups"""
# What an app's release became: itself, or the newer one that took its place and carries what it was ordered with.
FOLLOWED: Final = """
    LEFT JOIN LATERAL (
        SELECT number, state, message, untouched, undo_due FROM releases
        WHERE tenant = m.tenant AND app_id = m.app_id AND number = (
            SELECT coalesce(superseded_by, number) FROM releases
            WHERE tenant = m.tenant AND app_id = m.app_id AND number = m.release)
        OFFSET 0) AS r ON true"""
MEMBERS: Final = f"""(
        SELECT json_agg(json_build_array(m.app_id, m.app, r.number, r.state) ORDER BY m.app COLLATE "C", m.app_id)
        FROM members m {FOLLOWED}
        WHERE m.tenant = releases.tenant AND m.group_id = releases.app_id AND m.number = releases.number) AS members"""
"""A column with the releases of apps that a shared group's one is, for whoever shows it."""


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
        groups=tuple(
            Pin(group=GroupRef(group_id=group_id, name=name), versions=Versions(config=config, secrets=secrets))
            for group_id, name, config, secrets in row.groups or ()
        ),
        fan_out=FanOutState(row.fan_out) if row.fan_out else None,
        stopped_by=row.stopped_by,
    )


def members_of(row: Row) -> tuple[Member, ...]:
    """Return the releases of apps in a row that has the column MEMBERS."""
    return tuple(
        Member(app_id=app_id, app=app, release=release, state=State(state) if state else None)
        for app_id, app, release, state in row.members or ()
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
