"""What is stored of an app's secrets, as the rules see it. Never holds a plaintext."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from paaskit.errors import NotFound, Refused
from services.secrets.keys.tenant_keys import Sealed
from services.secrets.rules.expiry import NO_TERMS, SAYS_NOTHING, Asked, Terms

PREVIOUS_SUFFIX = "_PREVIOUS"


class Kind(StrEnum):
    """Who set a sealed value."""

    SECRET = "secret"  # noqa: S105  # a kind, not a password
    MANAGED = "managed"


@dataclass(frozen=True, kw_only=True)
class App:
    """An app as secrets knows it. Version 0: nothing was ever stored. `draft_revision` counts what was ever staged.

    `is_group`: it is a shared group, whose names are not to go while an app has them.
    """

    app_id: str
    name: str
    version: int = 0
    next_position: int = 1
    draft_revision: int = 0
    is_group: bool = False


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One sealed value. `version` is the one that stored it, to which its seal is bound.

    `previous` is the version of the value before while that is injected too, until `previous_until`. `attachment_id`
    says which attaching of an add-on a managed value is of. `created_by` is empty where it was not kept.
    `delivered_at` is when somebody was given it last, to within a day.
    """

    name: str
    kind: Kind
    version: int
    sealed: Sealed
    size: int
    position: int
    created_at: datetime
    created_by: str = ""
    previous: int | None = None
    previous_until: datetime | None = None
    attachment_id: str = ""
    terms: Terms = NO_TERMS
    delivered_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Staged:
    """One staged change: a value to set, or, without one, a name to unset.

    A staged value is sealed for version `-revision`, which no live value ever has. `base` is the version of the live
    value when it was staged, None where there was none. `overlap` is for a rotation, and counts from its
    release, as does a span in what is `asked` of its end.
    """

    name: str
    revision: int
    base: int | None
    staged_by: str
    staged_at: datetime
    sealed: Sealed | None = None
    size: int = 0
    overlap: timedelta | None = None
    asked: Asked = SAYS_NOTHING


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """An overlap that has not ended. `version` is the one whose value replaced the one injected as well."""

    name: str
    version: int
    due: datetime


@dataclass(frozen=True, kw_only=True)
class OpenClaim:
    """A name that config may hold for us under `claim_id`, while nothing stored says so.

    `left` is set once whoever made the claim can't be at it any more.
    """

    name: str
    claim_id: str
    left: bool = False


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An app with what is stored under the names asked for. `at` has earlier versions, by their number.

    `held` has the ids that config may hold a name under; a name that was stored before claims had ids is not in it.
    `newest_key` is the generation of the tenant's key that seals, 0 before there is one.
    """

    app: App
    current: Mapping[str, Entry] = field(default_factory=dict)
    staged: Mapping[str, Staged] = field(default_factory=dict)
    overlaps: Mapping[str, Overlap] = field(default_factory=dict)
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    claims: Sequence[OpenClaim] = ()
    at: Mapping[int, Mapping[str, Entry]] = field(default_factory=dict)
    newest_key: int = 0
    keys_destroyed: bool = False

    def secrets(self) -> dict[str, Entry]:
        """Return the current secrets, without what add-ons manage."""
        return secrets_among(self.current)

    def secrets_at(self, version: int) -> dict[str, Entry]:
        """Return the secrets of an earlier version, one of those asked for; there are none in version 0."""
        return secrets_among(self.at.get(version, {}))

    def generations(self) -> set[int]:
        """Return the generations of the keys that everything in it is sealed with, and of the one that seals now."""
        entries = [*self.current.values(), *(entry for version in self.at.values() for entry in version.values())]
        staged = [each.sealed.generation for each in self.staged.values() if each.sealed is not None]
        seals = [self.newest_key] if self.newest_key else []
        return {*(entry.sealed.generation for entry in entries), *staged, *seals}


def secrets_among(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return those entries that users set."""
    return {name: entry for name, entry in entries.items() if entry.kind is Kind.SECRET}


def related(names: Iterable[str]) -> list[str]:
    """Return the names with those whose overlap they may be about: theirs, and the one they would be of."""
    scope = dict.fromkeys(names)
    for name in list(scope):
        scope |= {name + PREVIOUS_SUFFIX: None, name.removesuffix(PREVIOUS_SUFFIX): None}
    return list(scope)


def refuse_managed(current: Mapping[str, Entry], names: Sequence[str]) -> None:
    """Raise Refused naming every name whose value an add-on manages."""
    managed = [name for name in names if name in current and current[name].kind is Kind.MANAGED]
    if managed:
        raise Refused(
            f"{', '.join(managed)}: managed by an add-on, can't be read, set or unset by hand.",
            reason="NAME_IS_MANAGED",
        )


def refuse_unreadable(found: Mapping[str, Entry], names: Sequence[str]) -> None:
    """Raise NotFound or Refused naming every name that is no secret, and every one whose value an add-on manages."""
    missing = [name for name in names if name not in found]
    if not missing:
        refuse_managed(found, names)
        return
    try:
        refuse_managed(found, names)
    except Refused as managed:
        raise secret_not_set(missing, hint=managed.message) from None
    raise secret_not_set(missing)


def secret_not_set(names: Sequence[str], hint: str = "`paas secrets` lists them.") -> NotFound:
    """Return the error for secrets that do not exist."""
    return NotFound(f"{', '.join(names)}: no such secret. {hint}", reason="NAME_NOT_SET")
