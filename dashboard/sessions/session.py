"""What is known of a browser that is signed in, and when that ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# An access token that ends within this time is renewed before it is used: what it is used for takes a while.
_RENEWED_BEFORE = timedelta(seconds=30)


# For this long after somebody gave a password, or a link, they may end other sessions; later they are asked again.
_FRESH_FOR = timedelta(minutes=10)


class Kind(StrEnum):
    """How somebody came in: at the identity provider, or with a link of `paas open`."""

    SSO = "sso"
    LINK = "link"


class SignedOut(Exception):
    """Nobody is signed in with this browser, or not any more."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who is signed in, as the gateway says it, and what they may do."""

    tenant: str
    # `user:ada@example.com`, or `pat:github-ci` where somebody came with a token of that name.
    subject: str
    # Who made the token they came with; empty for a person.
    maker: str
    permissions: frozenset[str]
    # The apps that the token is limited to; None for all.
    apps: tuple[str, ...] | None

    def may(self, permission: str) -> bool:
        """Whether they have a permission, for what a page offers. Whether they may is decided by who is asked."""
        return permission in self.permissions

    @property
    def is_administrator(self) -> bool:
        """Whether it is a person who sees and ends the sessions of others, for what a page offers."""
        return not self.maker and self.may("tokens.manage") and self.may("audit.read")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What the gateway is shown for them: a token, and how to get the next one from the identity provider."""

    bearer: str
    # None where the token says itself when it ends, and can't be renewed.
    bearer_ends_at: datetime | None = None
    refresh_token: str = ""

    def __repr__(self) -> str:
        return "Grant(…)"

    def is_due(self, now: datetime) -> bool:
        """Whether it has to be renewed before it is used."""
        return self.bearer_ends_at is not None and self.bearer_ends_at - _RENEWED_BEFORE <= now

    def has_ended(self, now: datetime) -> bool:
        """Whether it is known to be good no more."""
        return self.bearer_ends_at is not None and self.bearer_ends_at <= now


@dataclass(frozen=True, kw_only=True)
class Session:
    """A browser that is signed in."""

    person: Person
    grant: Grant
    started_at: datetime
    ends_at: datetime
    # When its person last proved who they are.
    authenticated_at: datetime
    # When it ends if nobody visits until then.
    idle_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether its person has lately proved who they are."""
        return now - self.authenticated_at < _FRESH_FOR
