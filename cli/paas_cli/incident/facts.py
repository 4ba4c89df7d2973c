"""What is known of an incident: plain data. Moments are microseconds since 1970. Never a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Moment = int
"""Microseconds since 1970."""


class Asked(StrEnum):
    """What an incident is about."""

    TOKEN = "token"  # noqa: S105 - a word
    USER = "user"
    EVERYBODY = "everybody"


@dataclass(frozen=True, order=True)
class Secret:
    """A secret of an app. The id tells an app from another that had its name; empty where it is not known."""

    app: str
    name: str
    app_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Times:
    """Events that have something in common: how many, from when to when, from where, and the highest version."""

    count: int
    first_at: Moment
    last_at: Moment
    version: int = 0
    addresses: Sequence[str] = ()
    more_addresses: bool = False

    def joined(self, other: "Times | None") -> "Times":
        """Return these and others, as those of one thing."""
        if other is None:
            return self
        return Times(
            count=self.count + other.count,
            first_at=min(self.first_at, other.first_at),
            last_at=max(self.last_at, other.last_at),
            version=max(self.version, other.version),
            addresses=tuple(dict.fromkeys((*self.addresses, *other.addresses))),
            more_addresses=self.more_addresses or other.more_addresses,
        )


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that was done to something, and what has the log's name for it."""

    action: str
    app: str
    name: str
    times: Times
    target_token_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who read: `pat:github-ci` and the token's id, with the person who made it."""

    who: str
    on_behalf_of: str
    maker: str
    token_id: str
    times: Times


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token or a sign-in. `is_known` says whether tokens told of it; else the log alone did.

    `apps` empty is all apps. `ended_at` is when it was revoked or expired, None while it lives.
    """

    token_id: str
    name: str
    kind: str = ""
    maker: str = ""
    granted: Sequence[str] = ()
    apps: Sequence[str] = ()
    created_at: Moment | None = None
    expires_at: Moment | None = None
    ended_at: Moment | None = None
    is_known: bool = True

    @property
    def is_living(self) -> bool:
        """Whether it can still be used, as far as that is known."""
        return self.is_known and self.ended_at is None


@dataclass(frozen=True, kw_only=True)
class Trust:
    """A trust somebody made. `is_living` None: nobody could tell."""

    name: str
    is_living: bool | None


@dataclass(frozen=True, kw_only=True)
class Now:
    """A secret as it is now. `previous_until` is set while the value before is given to the app as well."""

    version: int
    previous_until: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class Released:
    """The newest release of an app that succeeded, and the version of the secrets it has; 0 where there is none."""

    number: int = 0
    secrets_version: int = 0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that is known of an incident.

    `since` and `until` are the time that is asked about, None where it has no such end. `changes` are by everybody,
    `own` those of them by the suspects; both by secret and action. `destroyed` are apps, by id, and when. Of an app
    that is missing in `secrets` or `released` nobody could tell; None in `secrets` is an app that is not there.
    `left_out` are sentences: what the answer lacks.
    """

    asked: Asked
    label: str
    now: Moment
    since: Moment | None = None
    until: Moment | None = None
    tokens: Sequence[Token] = ()
    planted_tokens: Sequence[Token] = ()
    trusts: Sequence[Trust] = ()
    read: Mapping[Secret, Times] = field(default_factory=dict)
    readers: Sequence[Actor] = ()
    refused: int = 0
    did: Sequence[Deed] = ()
    changes: Mapping[Secret, Mapping[str, Times]] = field(default_factory=dict)
    own: Mapping[Secret, Mapping[str, Times]] = field(default_factory=dict)
    destroyed: Mapping[str, Moment] = field(default_factory=dict)
    reachable: Mapping[str, Sequence[str]] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, Now] | None] = field(default_factory=dict)
    released: Mapping[str, Released] = field(default_factory=dict)
    left_out: Sequence[str] = ()
