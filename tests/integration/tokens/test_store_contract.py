"""What the rules rely on in a token store, held against PostgreSQL and against the fake that unit tests use.

Row-level security and roles are in test_store.py: the fake has none.
"""

from datetime import timedelta
from typing import TypeAlias

import pytest

from paaskit.audit import Actor
from paaskit.clock import utc_now
from paaskit.errors import InvalidInput
from paaskit.requests import RequestKey
from services.tokens import pat
from services.tokens.domain import Token
from services.tokens.paging import Place
from services.tokens.store import Store
from tests.fakes.tokens_store import FakeTokenStore
from tests.integration.tokens.builders import token_of

AnyStore: TypeAlias = Store | FakeTokenStore
NOW = utc_now()


@pytest.fixture(params=["postgres", "fake"])
async def any_store(request: pytest.FixtureRequest, store: Store) -> AnyStore:
    return store if request.param == "postgres" else FakeTokenStore()


async def test_added_token_is_found_by_digest_and_id(any_store: AnyStore) -> None:
    token = token_of(apps=frozenset({"web", "api"}), parent_id="parent")
    text = await _add(any_store, token)
    assert await any_store.find_by_digest(pat.digest(text)) == token
    assert await any_store.find("acme", token.token_id) == token
    assert await any_store.find("rival", token.token_id) is None
    assert await any_store.find_by_digest(pat.digest(pat.generate())) is None


async def test_failed_change_leaves_nothing(any_store: AnyStore) -> None:
    token = token_of()

    async def fail() -> None:
        async with any_store.change("acme") as change:
            await change.add(token, pat.digest("x"))
            await change.record(Actor(tenant="acme", name="user:ada").event("tokens.create"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await any_store.find("acme", token.token_id) is None


async def test_page_shows_living_pats_of_the_tenant_in_order(any_store: AnyStore) -> None:
    tokens = [
        token_of(name=f"t{n}", created_at=NOW + timedelta(microseconds=n // 2), token_id=f"{n:032}") for n in range(6)
    ]
    for token in reversed(tokens):
        await _add(any_store, token)
    await _add(any_store, token_of(name="expired", created_at=NOW - timedelta(days=2)))
    await _add(any_store, token_of(name="ada", kind="user"))
    await _add(any_store, token_of(name="theirs", tenant="rival"))
    later = NOW + timedelta(seconds=1)
    assert [t.name for t in await any_store.page("acme", apps=None, after=None, limit=4, now=later)] == [
        "t0",
        "t1",
        "t2",
        "t3",
    ]
    after = Place(created_at=tokens[2].created_at, token_id=tokens[2].token_id)
    assert [t.name for t in await any_store.page("acme", apps=None, after=after, limit=9, now=later)] == [
        "t3",
        "t4",
        "t5",
    ]


async def test_apps_limit_what_is_seen(any_store: AnyStore) -> None:
    for name, apps in [("web", {"web"}), ("api", {"api"}), ("both", {"web", "api"})]:
        await _add(any_store, token_of(name=name, apps=frozenset(apps)))
    await _add(any_store, token_of(name="all"))

    async def names(apps: frozenset[str] | None) -> set[str]:
        return {token.name for token in await any_store.page("acme", apps=apps, after=None, limit=9, now=utc_now())}

    assert await names(None) == {"web", "api", "both", "all"}
    assert await names(frozenset({"web"})) == {"web"}
    assert await names(frozenset({"web", "api", "more"})) == {"web", "api", "both"}
    async with any_store.change("acme") as change:
        assert await change.revoke("all", apps=frozenset({"web"}), now=utc_now()) == []


async def test_circumstances_of_a_new_token(any_store: AnyStore) -> None:
    parent, namesake = token_of(name="parent"), token_of(name="ci")
    for token in (parent, namesake, token_of(name="gone", created_at=NOW - timedelta(days=3))):
        await _add(any_store, token)
    await _add(any_store, token_of(name="person", kind="user"))
    key = RequestKey(request_id="request-1", subject="user:ada", method="CreateToken", fingerprint="f")
    async with any_store.change("acme") as change:
        found = await change.circumstances(parent_id=parent.token_id, name="ci", key=key, now=utc_now())
        assert (found.parent, found.namesake, found.made_before) == (parent, namesake, False)
        await change.remember(key, namesake)
    for name in ("gone", "person"):
        async with any_store.change("acme") as change:
            found = await change.circumstances(parent_id="absent", name=name, key=key, now=utc_now())
            assert (found.parent, found.namesake, found.made_before) == (None, None, True)
    other = RequestKey(request_id="request-1", subject="user:ada", method="CreateToken", fingerprint="g")
    with pytest.raises(InvalidInput):
        async with any_store.change("acme") as change:
            await change.circumstances(parent_id="absent", name="x", key=other, now=utc_now())


async def test_revoking_goes_down_the_tree_past_ended_tokens(any_store: AnyStore) -> None:
    root = token_of(name="root", created_at=NOW)
    ended = token_of(name="ended", parent_id=root.token_id, created_at=NOW - timedelta(days=2))
    below = token_of(name="below", parent_id=ended.token_id)
    beside = token_of(name="beside")
    theirs = token_of(name="theirs", tenant="rival", parent_id=root.token_id)
    for token in (below, beside, ended, root, theirs):
        await _add(any_store, token)
    now = utc_now()
    async with any_store.change("acme") as change:
        revoked = await change.revoke(root.token_id, apps=None, now=now)
    assert [(token.name, token.revoked_at) for token in revoked] == [("root", now), ("below", now)]
    async with any_store.change("acme") as change:
        assert await change.revoke("root", apps=None, now=utc_now()) == []
    for token, ends in [(beside, False), (theirs, False), (below, True)]:
        found = await any_store.find(token.tenant, token.token_id)
        assert found is not None
        assert (found.revoked_at is not None) == ends


async def test_sign_ins_of_one_issuer_end(any_store: AnyStore) -> None:
    first, other = token_of(name="ada", kind="user"), token_of(name="grace", kind="user")
    pat_of_that_name = token_of(name="ada")
    for token in (first, other, pat_of_that_name):
        await _add(any_store, token)

    async def living() -> list[bool]:
        found = [await any_store.find("acme", token.token_id) for token in (first, other, pat_of_that_name)]
        return [token is not None and token.is_living(utc_now()) for token in found]

    async with any_store.change("acme") as change:
        await change.end_sign_ins("ada", creator="another issuer", now=utc_now())
    assert await living() == [True, True, True]
    async with any_store.change("acme") as change:
        await change.end_sign_ins("ada", creator="user:ada@example.com", now=utc_now())
    assert await living() == [False, True, True]


async def test_uses_are_noted(any_store: AnyStore) -> None:
    used, unused = token_of(name="used"), token_of(name="unused")
    await _add(any_store, used)
    await _add(any_store, unused)
    await any_store.note_uses("acme", {used.token_id: NOW})
    found = [await any_store.find("acme", token.token_id) for token in (used, unused)]
    assert [token and token.last_used_at for token in found] == [NOW, None]


async def _add(store: AnyStore, token: Token) -> str:
    text = pat.generate()
    async with store.change(token.tenant) as change:
        await change.add(token, pat.digest(text))
    return text
