"""What a trust is: whose CI jobs get tokens, and which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from paaskit.identity import AppScope
from services.tokens.token import Token

Claims = Mapping[str, Any]
"""What a token of a CI system says."""


class Provider(StrEnum):
    """Which kind of CI system an issuer is: what its subjects look like, and how it tells of pull requests."""

    GITHUB = "github"
    GITLAB = "gitlab"
    CIRCLECI = "circleci"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """A stored trust. `apps` None is all of the tenant's apps; `conditions` are claims with the values they must have.

    `maker` is the person who made it, and `maker_id` how the identity provider calls them, where they came from there.
    What was `granted` it gives only as far as its maker may do it: `maker_permissions`. `parent_id` is the sign-in it
    was made with, where that is kept here.
    """

    tenant: str
    trust_id: str
    name: str
    issuer: str
    provider: Provider
    audience: str
    subject: str
    conditions: Sequence[tuple[str, str]]
    allow_pull_requests: bool
    granted: frozenset[str]
    apps: AppScope | None
    ttl: timedelta
    maker: str
    maker_id: str | None
    maker_permissions: frozenset[str]
    parent_id: str | None
    created_at: datetime

    @property
    def permissions(self) -> frozenset[str]:
        """What a token that it gives may do now."""
        return self.granted & self.maker_permissions

    @property
    def app_names(self) -> Sequence[str]:
        """The names of the apps it is limited to, in order; none where it is limited to none."""
        return sorted(name for name, _ in self.apps or ())


@dataclass(frozen=True, kw_only=True)
class TrustPlace:
    """The last trust of a page; the next page starts after it."""

    created_at: datetime
    trust_id: str


@dataclass(frozen=True, kw_only=True)
class Used:
    """A token of a CI system that was exchanged: by what it is known again, for what, and how long that is kept."""

    mark: bytes
    trust_id: str
    token_id: str
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class TrustRows:
    """What a change writes: a trust that begins, trusts that end with tokens they gave, or a token that is given."""

    added: Trust | None = None
    ended: Sequence[str] = ()
    ended_tokens: Sequence[str] = ()
    at: datetime | None = None
    given: Token | None = None
    digest: bytes = b""
    used: Used | None = None
