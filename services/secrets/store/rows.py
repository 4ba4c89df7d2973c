"""Rows of values and of staged ones, and the dataclasses they are read as."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from paaskit.db import Row
from services.secrets.keys.tenant_keys import Sealed
from services.secrets.rules.expiry import NO_TERMS, Asked, Terms
from services.secrets.rules.plan import NewEntry
from services.secrets.rules.stored import App, Entry, Kind, Staged

ENTRY_COLUMNS: Final = """
    s.name AS secret, s.kind, s.valid_from, s.generation, s.sealed, s.size, s.position, s.created_at, s.created_by,
    s.previous, s.previous_until, s.attachment_id, s.expires_at, s.expires_seconds, s.rotate_seconds, s.rotate_at,
    s.delivered_at"""
STAGED_COLUMNS: Final = """
    d.name, d.revision, d.base_from, d.generation, d.sealed, d.size, d.overlap_seconds, d.staged_by, d.staged_at,
    d.expires_at, d.expires_seconds, d.rotate_seconds"""
APP_COLUMNS: Final = "a.app_id, a.name, a.version, a.next_position, a.draft_revision, a.is_group, a.destroyed_at"


def app_of(row: Row) -> App:
    """Return the app in the columns `APP_COLUMNS`."""
    return App(
        app_id=row.app_id,
        name=row.name,
        version=row.version,
        next_position=row.next_position,
        draft_revision=row.draft_revision,
        is_group=row.is_group,
    )


def entry_of(row: Row) -> Entry:
    """Return the entry in the columns `ENTRY_COLUMNS`."""
    return Entry(
        name=row.secret,
        kind=Kind(row.kind),
        version=row.valid_from,
        sealed=Sealed(row.generation, bytes(row.sealed)),
        size=row.size,
        position=row.position,
        created_at=row.created_at,
        created_by=row.created_by,
        previous=row.previous,
        previous_until=row.previous_until,
        attachment_id=row.attachment_id,
        terms=terms_of(row),
        delivered_at=row.delivered_at,
    )


def terms_of(row: Row) -> Terms:
    """Return the terms in the columns of a value."""
    if row.expires_at is None and row.rotate_at is None:
        return NO_TERMS
    return Terms(
        expires_at=row.expires_at,
        span=_span(row.expires_seconds),
        rotate_every=_span(row.rotate_seconds),
        rotate_at=row.rotate_at,
    )


def entries_of(rows: Sequence[Row]) -> dict[str, Entry]:
    """Return the entries of rows, by name."""
    return {row.secret: entry_of(row) for row in rows}


def staged_of(rows: Sequence[Row]) -> dict[str, Staged]:
    """Return the staged changes in rows of the columns `STAGED_COLUMNS`, by name."""
    return {
        row.name: Staged(
            name=row.name,
            revision=row.revision,
            base=row.base_from,
            staged_by=row.staged_by,
            staged_at=row.staged_at,
            sealed=None if row.sealed is None else Sealed(row.generation, bytes(row.sealed)),
            size=row.size,
            overlap=_span(row.overlap_seconds),
            asked=Asked(span=_span(row.expires_seconds), at=row.expires_at, rotate_every=_span(row.rotate_seconds)),
        )
        for row in rows
    }


def _span(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())


def terms_columns(terms: Sequence[Terms]) -> dict[str, list[Any]]:
    """Return the columns of terms to be stored."""
    return {
        "ends": [each.expires_at for each in terms],
        "spans": [_seconds(each.span) for each in terms],
        "intervals": [_seconds(each.rotate_every) for each in terms],
        "rotations": [each.rotate_at for each in terms],
    }


def opened_columns(entries: Sequence[NewEntry]) -> dict[str, list[Any]]:
    """Return the columns of values to be stored."""
    return {
        "names": [entry.name for entry in entries],
        "kinds": [entry.kind.value for entry in entries],
        "generations": [entry.sealed.generation for entry in entries],
        "blobs": [entry.sealed.blob for entry in entries],
        "sizes": [entry.size for entry in entries],
        "positions": [entry.position for entry in entries],
        "previous": [entry.previous for entry in entries],
        "untils": [entry.previous_until for entry in entries],
        "attachments": [entry.attachment_id for entry in entries],
        **terms_columns([entry.terms for entry in entries]),
    }


def staged_columns(staged: Sequence[Staged]) -> dict[str, list[Any]]:
    """Return the columns of changes to be staged."""
    return {
        "names": [each.name for each in staged],
        "actions": ["unset" if each.sealed is None else "set" for each in staged],
        "revisions": [each.revision for each in staged],
        "bases": [each.base for each in staged],
        "generations": [None if each.sealed is None else each.sealed.generation for each in staged],
        "blobs": [None if each.sealed is None else each.sealed.blob for each in staged],
        "sizes": [each.size for each in staged],
        "overlaps": [_seconds(each.overlap) for each in staged],
        "stagers": [each.staged_by for each in staged],
        "times": [each.staged_at for each in staged],
        "ends": [each.asked.at for each in staged],
        "spans": [_seconds(each.asked.span) for each in staged],
        "intervals": [_seconds(each.asked.rotate_every) for each in staged],
    }
