"""Opening and comparing stored values, and sealing new ones, with keys that are at hand."""

from collections.abc import Sequence
from datetime import datetime

from paaskit.redact import Plaintext
from services.secrets.keys.tenant_keys import TenantKeys, same
from services.secrets.rules.expiry import NO_TERMS, Terms
from services.secrets.rules.plan import NewEntry
from services.secrets.rules.stored import Entry, Kind, Snapshot, Staged

Values = Sequence[tuple[str, Plaintext]]
"""Names and their values, each name once."""


def opened(keys: TenantKeys, snapshot: Snapshot, entry: Entry) -> Plaintext:
    """Return a stored value. Raises OpenError where it was tampered with, and GenerationMissingError."""
    return keys.unseal(snapshot.app.app_id, entry.name, entry.version, entry.sealed)


def staged_value(keys: TenantKeys, snapshot: Snapshot, staged: Staged) -> Plaintext:
    """Return a staged value; see `opened`."""
    assert staged.sealed is not None, "a name that is to be unset has no value"
    return keys.unseal(snapshot.app.app_id, staged.name, -staged.revision, staged.sealed)


def equal(keys: TenantKeys, snapshot: Snapshot, one: Entry, other: Entry) -> bool:
    """Whether two stored values are the same."""
    return one.version == other.version or same(opened(keys, snapshot, one), opened(keys, snapshot, other))


def is_value_of(keys: TenantKeys, snapshot: Snapshot, entry: Entry, plaintext: Plaintext) -> bool:
    """Whether a plaintext is the value stored in an entry."""
    return same(opened(keys, snapshot, entry), plaintext)


def new_entry(
    keys: TenantKeys,
    snapshot: Snapshot,
    name: str,
    plaintext: Plaintext,
    *,
    kind: Kind = Kind.SECRET,
    previous: int | None = None,
    previous_until: datetime | None = None,
    attachment_id: str = "",
    terms: Terms = NO_TERMS,
) -> NewEntry:
    """Return a value sealed for the version after the snapshot's, to which its seal is bound."""
    return NewEntry(
        name=name,
        kind=kind,
        sealed=keys.seal(snapshot.app.app_id, name, snapshot.app.version + 1, plaintext),
        size=plaintext.size,
        previous=previous,
        previous_until=previous_until,
        attachment_id=attachment_id,
        terms=terms,
    )


def with_running_overlap(
    keys: TenantKeys,
    snapshot: Snapshot,
    name: str,
    plaintext: Plaintext,
    *,
    now: datetime,
    terms: Terms = NO_TERMS,
) -> NewEntry:
    """Return a new value of a name that goes on with the overlap of the value it replaces, while that runs."""
    present = snapshot.current.get(name)
    if present is None or present.previous_until is None or present.previous_until <= now:
        return new_entry(keys, snapshot, name, plaintext, terms=terms)
    return new_entry(
        keys,
        snapshot,
        name,
        plaintext,
        previous=present.previous,
        previous_until=present.previous_until,
        terms=terms,
    )


def terms_before(snapshot: Snapshot, name: str) -> Terms:
    """Return the terms of the value that stands under a name; none where there is no value."""
    present = snapshot.current.get(name)
    return NO_TERMS if present is None else present.terms
