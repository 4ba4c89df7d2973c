"""Tokens are found by name and id, in PostgreSQL and in the fake. Leaves out who may ask (tests/access)."""

from datetime import timedelta

import pytest

from services.tokens.rules.revocation import decide_revocation
from services.tokens.rules.sight import Sight
from services.tokens.store import Store
from tests.fakes.tokens_store import FakeTokenStore
from tests.integration.tokens.builders import add, token_of
from tests.integration.tokens.test_store_contract import ADA, ADMIN, ALL, NOW, WEB, WEB_ALONE, AnyStore


@pytest.fixture(params=["postgres", "fake"])
async def any_store(request: pytest.FixtureRequest, store: Store) -> AnyStore:
    return store if request.param == "postgres" else FakeTokenStore()


async def test_tokens_are_found_by_name_and_id_whether_or_not_they_live(any_store: AnyStore) -> None:
    """The newest first; those of others are nobody's to find, nor those that reach further than whoever asks."""
    ended = token_of(name="ci", created_at=NOW - timedelta(days=3))
    revoked = token_of(name="ci", created_at=NOW - timedelta(days=2), ttl=timedelta(days=9), apps=WEB)
    sign_in = token_of(name="ada@example.com", kind="user", created_at=NOW - timedelta(hours=2))
    other = token_of(name="other", maker="user:bob@example.com", created_at=NOW - timedelta(hours=1))
    for token in (ended, revoked, sign_in, other, token_of(name="ci", tenant="rival")):
        await add(any_store, token)
    at = NOW - timedelta(days=1)
    await any_store.revoke(
        "acme",
        revoked.token_id,
        sight=ALL,
        now=at,
        decide=lambda family: decide_revocation(family, identity=ADMIN, actor=ADA, now=at),
    )
    references = ["ci", "ada@example.com", sign_in.token_id, other.token_id, "nobody"]

    async def found(sight: Sight, limit: int = 10) -> list[str]:
        return [each.token_id for each in await any_store.find("acme", references, sight=sight, limit=limit)]

    everything = [other.token_id, sign_in.token_id, revoked.token_id, ended.token_id]
    assert await found(ALL) == everything
    assert await found(ALL, limit=2) == everything[:2]
    assert await found(Sight(app_ids=None, maker="user:bob@example.com")) == [other.token_id]
    assert await found(WEB_ALONE) == [revoked.token_id]
    (again,) = await any_store.find("acme", [revoked.token_id], sight=ALL, limit=1)
    assert again.revoked_at == NOW - timedelta(days=1)
