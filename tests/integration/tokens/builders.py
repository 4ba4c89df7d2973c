"""Tokens with good defaults."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from paaskit.clock import random_id, utc_now
from paaskit.identity import AppScope
from paaskit.requests import RequestKey
from paaskit.write_path import Decision, NoEvent
from services.tokens import pat
from services.tokens.domain import Decide, Found
from services.tokens.store import Store
from services.tokens.token import Kind, MakerLimit, Token, TokenRows
from tests.fakes.tokens_store import FakeTokenStore


def token_of(
    *,
    tenant: str = "acme",
    kind: str = "pat",
    name: str = "ci",
    apps: AppScope | None = None,
    creator: str = "user:ada@example.com",
    maker: str = "user:ada@example.com",
    maker_id: str | None = None,
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
        granted=frozenset({"config.read", "tokens.manage"}),
        apps=apps,
        creator=creator,
        maker=maker if kind == "pat" else "",
        maker_id=maker_id,
        parent_id=parent_id,
        created_at=made_at,
        expires_at=made_at + ttl,
    )


async def find(store: Store | FakeTokenStore, tenant: str, token_id: str) -> Token | None:
    """The token of this id as it is kept, living or not."""
    if isinstance(store, FakeTokenStore):
        return store.tokens.get((tenant, token_id))
    found: list[Token] = []

    def decide(tokens: Found) -> Decision[TokenRows]:
        found.extend(token for token in tokens if token.token_id == token_id)
        raise _JustLooking

    with suppress(_JustLooking):
        request = RequestKey(request_id=random_id(), subject="", method="", fingerprint="")
        await store.create(tenant, parent_id=token_id, name="", now=utc_now(), request=request, decide=decide)
    return found[0] if found else None


class _JustLooking(Exception):
    """Nothing is to be written."""


class _SignsIn(Protocol):
    """A store, as far as it is needed to put a token into it."""

    async def sign_in(self, tenant: str, user: str, *, now: datetime, decide: Decide) -> Found:
        """Change what `decide` says."""


async def add(
    store: _SignsIn, token: Token, *, ended: tuple[str, ...] = (), limits: tuple[MakerLimit, ...] = ()
) -> str:
    """Store a token of any kind and end others; returns the text it has."""
    text = pat.generate()
    rows = TokenRows(at=utc_now(), ended=ended, added=token, digest=pat.digest(text), limits=limits)
    await store.sign_in(
        token.tenant, "", now=utc_now(), decide=lambda _: Decision(answer={}, rows=rows, no_event=NoEvent.PART)
    )
    return text
