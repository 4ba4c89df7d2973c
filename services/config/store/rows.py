"""Columns and the dataclasses they become."""

from collections.abc import Sequence
from typing import Any, Final

from paaskit.db import Row
from services.config.domain import (
    Adopted,
    App,
    AppSpec,
    Attaching,
    Draft,
    Entry,
    GroupRef,
    Kind,
    SpecDraft,
    SpecRow,
    Totals,
)

APP: Final = """
    a.app_id, a.name, a.version, a.draft_revision, a.names, a.bytes, a.next_position, a.created_at, a.destroyed_at,
    a.adopted_namespace, a.adopted_deployment, a.adopted_container, a.is_group, a.has_groups"""
ENTRY: Final = """
    v.name, v.kind, v.value, v.addon, v.size, v.position, v.claims, v.valid_from, v.valid_to, v.changed_at,
    v.changed_by"""
DRAFT: Final = "d.name, d.value, d.size, d.base_from, d.staged_by, d.staged_at, d.revision"
SPEC: Final = """
    s.command, s.image, s.instances, s.health_path, s.ready_timeout_seconds, s.all_at_once, s.schema, s.group_ids,
    s.group_names, s.valid_from"""
SPEC_IN_LISTS: Final = SPEC.replace("s.schema", "'' AS schema")
"""The same without the schema: 500 apps in one answer would come to 32 MiB of them."""
SPEC_DRAFT: Final = """
    d.command, d.image, d.instances, d.health_path, d.ready_timeout_seconds, d.all_at_once, d.schema, d.group_ids,
    d.group_names, d.base_from, d.staged_by, d.staged_at, d.revision"""
ATTACHING: Final = "t.name, t.attachment_id, t.request_id, t.subject, t.adds, t.shared, t.touched_at"


def app_of(row: Row) -> App:
    """Return the app in the columns `APP`."""
    return App(
        app_id=row.app_id,
        name=row.name,
        version=row.version,
        draft_revision=row.draft_revision,
        totals=Totals(names=row.names, size=row.bytes, next_position=row.next_position),
        created_at=row.created_at,
        adopted=_adopted_of(row),
        is_group=row.is_group,
        has_groups=row.has_groups,
    )


def _adopted_of(row: Row) -> Adopted | None:
    if row.adopted_namespace is None:
        return None
    return Adopted(namespace=row.adopted_namespace, deployment=row.adopted_deployment, container=row.adopted_container)


def entry_of(row: Row) -> Entry:
    """Return the entry in the columns `ENTRY`."""
    return Entry(
        name=row.name,
        kind=Kind(row.kind),
        value=row.value,
        addon=row.addon,
        size=row.size,
        position=row.position,
        claims=tuple(row.claims),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )


def draft_of(row: Row) -> Draft:
    """Return the draft in the columns `DRAFT`."""
    return Draft(
        name=row.name,
        value=row.value,
        size=row.size,
        base_from=row.base_from,
        staged_by=row.staged_by,
        staged_at=row.staged_at,
        revision=row.revision,
    )


def spec_of(row: Row, app: App) -> AppSpec:
    """Return the spec of `app` in the first nine columns of `SPEC` or `SPEC_DRAFT`."""
    return AppSpec(
        command=tuple(row.command),
        image=row.image,
        instances=row.instances,
        health_path=row.health_path,
        ready_timeout=row.ready_timeout_seconds,
        all_at_once=row.all_at_once,
        adopted=app.adopted,
        schema=row.schema,
        groups=groups_of(row),
    )


def groups_of(row: Row) -> tuple[GroupRef, ...]:
    """Return the groups in the columns `group_ids` and `group_names`."""
    return tuple(
        GroupRef(group_id=group_id, name=name) for group_id, name in zip(row.group_ids, row.group_names, strict=True)
    )


def spec_row_of(row: Row, app: App) -> SpecRow:
    """Return the spec of `app` in the columns `SPEC`, with the version it is valid from."""
    return SpecRow(spec=spec_of(row, app), valid_from=row.valid_from)


def spec_draft_of(row: Row, app: App) -> SpecDraft:
    """Return the staged spec of `app` in the columns `SPEC_DRAFT`."""
    return SpecDraft(
        spec=spec_of(row, app),
        base_from=row.base_from,
        staged_by=row.staged_by,
        staged_at=row.staged_at,
        revision=row.revision,
    )


def attaching_of(row: Row) -> Attaching:
    """Return the attaching in the columns `ATTACHING`."""
    return Attaching(
        name=row.name,
        attachment_id=row.attachment_id,
        request_id=row.request_id,
        subject=row.subject,
        adds=row.adds,
        shared=row.shared,
        touched_at=row.touched_at,
    )


def spec_columns(spec: AppSpec) -> tuple[Any, ...]:
    """Return a spec as its nine columns; what it adopts is the app's."""
    return (
        list(spec.command),
        spec.image,
        spec.instances,
        spec.health_path,
        spec.ready_timeout,
        spec.all_at_once,
        spec.schema,
        [group.group_id for group in spec.groups],
        [group.name for group in spec.groups],
    )


def adopted_columns(adopted: Adopted | None) -> tuple[str | None, ...]:
    """Return what an app adopts as its three columns."""
    return (adopted.namespace, adopted.deployment, adopted.container) if adopted else (None, None, None)


def as_array(texts: Sequence[str]) -> str:
    """Return texts without commas, quotes and braces, such as ids, as one array of PostgreSQL's own notation."""
    return "{" + ",".join(texts) + "}"
