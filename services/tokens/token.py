"""What a token is, as far as it may be known without having it, and who a verified credential stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from paaskit.audit import TargetToken
from paaskit.identity import AppScope, Origin


class Kind(StrEnum):
    """What a credential stands for: a token made for a machine, or a person's own sign-in."""

    PAT = "pat"
    USER = "user"


TRUST: Final = "trust:"
"""How the creator of a token begins that a trust gave, for one of a CI system."""
CI: Final = "ci"
"""What an identity says of such a token, whose row is that of a PAT: it is over in minutes, and never kept."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A stored credential. `apps` None is all of the tenant's apps.

    `creator` is who asked for it, maybe a token; `maker` the person where that began, nobody for a sign-in. `maker_id`
    is how the identity provider calls that person, where they came from there. What it was `granted` it may do only as
    long as its maker may: `maker_permissions`, None where nothing is known of a maker.

    An app without an id is one that an earlier release of this service kept by its name alone: nobody can tell any more
    which app that was, so the token reaches none.
    """

    tenant: str
    token_id: str
    kind: Kind
    name: str
    granted: frozenset[str]
    apps: AppScope | None
    creator: str
    parent_id: str | None
    created_at: datetime
    expires_at: datetime
    maker: str = ""
    maker_id: str | None = None
    maker_permissions: frozenset[str] | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """What it may do now."""
        return self.granted if self.maker_permissions is None else self.granted & self.maker_permissions

    @property
    def subject(self) -> str:
        """Who acts where this credential is used: `pat:github-ci`, `user:ada@example.com`."""
        return f"{self.kind}:{self.name}"

    @property
    def identity_kind(self) -> str:
        """What an identity made from it says of its kind."""
        return CI if self.creator.startswith(TRUST) else self.kind.value

    @property
    def person(self) -> str:
        """The person behind it: who signed in, or who made it."""
        return self.subject if self.kind is Kind.USER else self.maker

    @property
    def target(self) -> TargetToken:
        """What an event about it says besides its name."""
        return TargetToken(self.token_id, self.maker)

    @property
    def app_names(self) -> Sequence[str]:
        """The names of the apps it is limited to, in order; none where it is limited to none."""
        return sorted(name for name, _ in self.apps or ())

    @property
    def reach(self) -> AppScope | None:
        """The apps it reaches: those it is limited to whose ids are known."""
        return None if self.apps is None else frozenset((name, app_id) for name, app_id in self.apps if app_id)

    def is_living(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who a verified credential stands for, whatever kind of credential it was."""

    tenant: str
    subject: str
    kind: str
    permissions: frozenset[str]
    apps: AppScope | None
    origin: Origin
    maker: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A credential that was accepted: whom it stands for, and for how many seconds that may be said again unasked."""

    principal: Principal
    holds_seconds: float


class Authenticator(Protocol):
    """Verifies one kind of credential. There is one implementation for each kind."""

    def recognises(self, unverified_credential: str) -> bool:
        """Whether the text is of this kind, by its looks alone."""

    async def authenticate(self, unverified_credential: str, *, now: datetime, client_address: str) -> Accepted | None:
        """Return who it stands for, or None where it is not accepted. Raises Unavailable where that can't be told."""


@dataclass(frozen=True, kw_only=True)
class TokenRows:
    """What a change writes: tokens that end at `at`, by their ids, and one that begins, with the digest of its text.

    Those that are `shortened` end at `shortened_to`, unless they do before. `limits` says what makers may do now; their
    tokens do no more.
    """

    at: datetime
    ended: Sequence[str] = ()
    shortened: Sequence[str] = ()
    shortened_to: datetime | None = None
    added: Token | None = None
    digest: bytes = b""
    limits: Sequence["MakerLimit"] = ()


@dataclass(frozen=True, kw_only=True)
class Created:
    """A new token, and the event that has it on record."""

    token: Token
    event_id: str


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """What comes of a rotation: the new token, the one before, and the others that end with that one."""

    token: Token
    previous: Token
    others: Sequence[Token]


@dataclass(frozen=True, kw_only=True)
class MakerLimit:
    """What somebody who made tokens of a tenant may do now. `maker_id` None: somebody an operator signs in."""

    maker: str
    maker_id: str | None
    permissions: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class KnownMaker:
    """Somebody the identity provider knows who made tokens of a tenant, and what is kept of what they may do: for each
    that differs its permissions in order, with commas between them.
    """

    tenant: str
    maker_id: str
    permissions: tuple[str, ...]

    def may_just(self, permissions: frozenset[str]) -> bool:
        """Whether this very thing is kept already."""
        return self.permissions == (",".join(sorted(permissions)),)
