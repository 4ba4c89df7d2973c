"""Columns and the dataclasses they become."""

from collections.abc import Sequence
from typing import Any, Final

from paaskit.db import Row
from services.config.domain import App, AppSpec, Attaching, Draft, Entry, Kind, SpecDraft, SpecRow, Totals

APP: Final = """
    a.app_id, a.name, a.version, a.draft_revision, a.names, a.bytes, a.next_position, a.created_at, a.destroyed_at"""
ENTRY: Final = "v.name, v.kind, v.value, v.addon, v.size, v.position, v.claims, v.valid_from, v.valid_to"
DRAFT: Final = "d.name, d.value, d.size, d.base_from, d.staged_by, d.staged_at, d.revision"
SPEC: Final = "s.command, s.image, s.instances, s.health_path, s.valid_from"
SPEC_DRAFT: Final = "d.command, d.image, d.instances, d.health_path, d.base_from, d.staged_by, d.staged_at, d.revision"
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
    )


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


def spec_of(row: Row) -> AppSpec:
    """Return the spec in the first four columns of `SPEC` or `SPEC_DRAFT`."""
    return AppSpec(command=tuple(row.command), image=row.image, instances=row.instances, health_path=row.health_path)


def spec_row_of(row: Row) -> SpecRow:
    """Return the spec in the columns `SPEC`, with the version it is valid from."""
    return SpecRow(spec=spec_of(row), valid_from=row.valid_from)


def spec_draft_of(row: Row) -> SpecDraft:
    """Return the staged spec in the columns `SPEC_DRAFT`."""
    return SpecDraft(
        spec=spec_of(row),
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
    """Return a spec as its four columns."""
    return (list(spec.command), spec.image, spec.instances, spec.health_path)


def as_array(texts: Sequence[str]) -> str:
    """Return texts without commas, quotes and braces, such as ids, as one array of PostgreSQL's own notation."""
    return "{" + ",".join(texts) + "}"
