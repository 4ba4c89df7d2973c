"""Tokens with good defaults."""

from datetime import datetime, timedelta

from paaskit.clock import random_id, utc_now
from services.tokens.domain import Kind, Token


def token_of(
    *,
    tenant: str = "acme",
    kind: str = "pat",
    name: str = "ci",
    apps: frozenset[str] | None = None,
    parent_id: str | None = None,
    token_id: str = "",
    created_at: datetime | None = None,
    ttl: timedelta = timedelta(days=1),
) -> Token:
    """A living token, made now unless it is told otherwise."""
    made_at = created_at or utc_now()
    return Token(
        tenant=tenant,
        token_id=token_id or random_id(),
        kind=Kind(kind),
        name=name,
        permissions=frozenset({"config.read", "tokens.manage"}),
        apps=apps,
        creator="user:ada@example.com",
        parent_id=parent_id,
        created_at=made_at,
        expires_at=made_at + ttl,
    )
