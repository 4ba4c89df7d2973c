"""What the rules rely on in a token store, held against PostgreSQL and against the fake that unit tests use.

Row-level security and roles are in test_store.py: the fake has none.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from paaskit.access import PERMISSIONS
from paaskit.audit import Actor
from paaskit.clock import utc_now
from paaskit.errors import InvalidInput, NotFound
from paaskit.identity import AppScope, Identity, StoredToken
from paaskit.requests import RequestKey
from paaskit.write_path import Decision, NoEvent
from services.tokens import pat
from services.tokens.check.store import PresentedTokens
from services.tokens.domain import Found, Place
from services.tokens.rules.revocation import decide_revocation
from services.tokens.rules.sight import Sight
from services.tokens.store import Store
from services.tokens.token import MakerLimit, Token, TokenRows
from tests.fakes.tokens_store import FakeTokenStore
from tests.integration.tokens.builders import add, find, token_of

AnyStore: TypeAlias = Store | FakeTokenStore
NOW = utc_now()
ADA = Actor(tenant="acme", name="user:ada@example.com", credential="t1")
ADMIN = Identity(
    tenant="acme",
    subject=ADA.name,
    kind="user",
    permissions=PERMISSIONS,
    apps=None,
    origin=StoredToken(token_id=ADA.credential),
    client_address="",
    ends_at=NOW + timedelta(hours=1),
    expires_at=NOW + timedelta(hours=1),
)
WEB: AppScope = frozenset({("web", "a1")})
API: AppScope = frozenset({("api", "a2")})
ALL = Sight(app_ids=None, maker=None)
WEB_ALONE = Sight(app_ids=frozenset({"a1"}), maker=None)


@pytest.fixture(params=["postgres", "fake"])
async def any_store(request: pytest.FixtureRequest, store: Store) -> AnyStore:
    return store if request.param == "postgres" else FakeTokenStore()


@pytest.fixture
async def any_presented(any_store: AnyStore, presented: PresentedTokens) -> PresentedTokens | FakeTokenStore:
    """What the check finds of what is in `any_store`."""
    return any_store if isinstance(any_store, FakeTokenStore) else presented


async def test_added_token_is_found_by_digest_and_id(
    any_store: AnyStore, any_presented: PresentedTokens | FakeTokenStore
) -> None:
    for apps in (WEB | API, None):
        token = token_of(apps=apps, parent_id="parent", maker="user:grace")
        text = await add(any_store, token)
        assert await any_presented.find_by_digest(pat.digest(text)) == token
        assert await find(any_store, "acme", token.token_id) == token
        assert await find(any_store, "rival", token.token_id) is None
    assert await any_presented.find_by_digest(pat.digest(pat.generate())) is None


async def test_several_are_found_at_once_whosever_they_are(
    any_store: AnyStore, any_presented: PresentedTokens | FakeTokenStore
) -> None:
    tokens = [token_of(tenant=tenant) for tenant in ("acme", "rival", "acme")]
    digests = [pat.digest(await add(any_store, token)) for token in tokens]
    strangers = [pat.digest(pat.generate()) for _ in range(50)]
    found = await any_presented.find_by_digests([strangers[0], *digests[:2], *strangers[1:]])
    assert found == dict(zip(digests[:2], tokens[:2], strict=True)), "and no other"
    assert await any_presented.find_by_digests(strangers) == {}


async def test_refused_change_leaves_nothing(any_store: AnyStore) -> None:
    person, request = token_of(kind="user", name="ada"), _key("f")
    await add(any_store, person)

    def refuse(found: Found) -> Decision[TokenRows]:
        assert [each.name for each in found] == ["ada"]
        raise NotFound("no")

    for _ in range(2):
        with pytest.raises(NotFound):
            await any_store.create(
                "acme", parent_id=person.token_id, name="ci", now=utc_now(), request=request, decide=refuse
            )
        with pytest.raises(NotFound):
            await any_store.sign_in("acme", "ada", now=utc_now(), decide=refuse)
    assert await find(any_store, "acme", person.token_id) == person


async def test_page_shows_living_pats_of_the_tenant_in_order(any_store: AnyStore) -> None:
    tokens = [
        token_of(name=f"t{n}", created_at=NOW + timedelta(microseconds=n // 2), token_id=f"{n:032}") for n in range(6)
    ]
    for token in reversed(tokens):
        await add(any_store, token)
    await add(any_store, token_of(name="expired", created_at=NOW - timedelta(days=2)))
    await add(any_store, token_of(name="ada", kind="user"))
    await add(any_store, token_of(name="theirs", tenant="rival"))
    later = NOW + timedelta(seconds=1)

    async def names(after: Place | None, limit: int) -> list[str]:
        return [t.name for t in await any_store.page("acme", sight=ALL, after=after, limit=limit, now=later)]

    assert await names(None, 4) == ["t0", "t1", "t2", "t3"]
    assert await names(Place(created_at=tokens[2].created_at, token_id=tokens[2].token_id), 9) == ["t3", "t4", "t5"]


async def test_ids_of_apps_limit_what_is_seen_and_revoked(any_store: AnyStore) -> None:
    namesake: AppScope = frozenset({("web", "a9")})
    unbound: AppScope = frozenset({("web", "")})
    for name, apps in [("web", WEB), ("api", API), ("both", WEB | API), ("later", namesake), ("before", unbound)]:
        await add(any_store, token_of(name=name, apps=apps))
    await add(any_store, token_of(name="all"))

    async def names(*app_ids: str, limited: bool = True) -> set[str]:
        sight = Sight(app_ids=frozenset(app_ids) if limited else None, maker=None)
        return {token.name for token in await any_store.page("acme", sight=sight, after=None, limit=9, now=utc_now())}

    assert await names(limited=False) == {"web", "api", "both", "later", "before", "all"}
    assert await names("a1") == {"web"}
    assert await names("a1", "a2", "a3") == {"web", "api", "both"}
    assert await names("a9") == {"later"}
    assert await names() == set()
    for name in ("all", "api", "both", "later", "before"):
        with pytest.raises(NotFound):
            await _revoke(any_store, name, sight=WEB_ALONE)
    assert [token.name for token in await _revoke(any_store, "web", sight=WEB_ALONE)] == ["web"]


async def test_makers_limit_what_is_seen_and_revoked(any_store: AnyStore) -> None:
    """Also of people's own sign-ins, and of what an earlier release kept without a maker."""
    ada, grace = "user:ada@example.com", "user:grace"
    tokens = [token_of(name="hers", maker=ada), token_of(name="by-pat", maker=ada, creator="pat:hers")]
    tokens += [token_of(name="old", maker="", creator=ada)]
    tokens += [token_of(name=name, maker=grace) for name in ("theirs", "other")]
    sign_in = token_of(kind="user", name="grace", creator="service:operator")
    for token in (*tokens, sign_in):
        await add(any_store, token)

    async def names(maker: str) -> set[str]:
        sight = Sight(app_ids=None, maker=maker)
        return {token.name for token in await any_store.page("acme", sight=sight, after=None, limit=9, now=utc_now())}

    assert await names(ada) == {"hers", "by-pat", "old"}
    assert await names(grace) == {"theirs", "other"}
    assert await names("user:nobody") == set()
    for reference in ("theirs", tokens[-1].token_id, sign_in.token_id):
        with pytest.raises(NotFound):
            await _revoke(any_store, reference, sight=Sight(app_ids=None, maker=ada))
        assert len(await _revoke(any_store, reference, sight=Sight(app_ids=None, maker=grace))) == 1


async def test_who_has_the_name_of_somebody_else_does_not_see_their_tokens(any_store: AnyStore) -> None:
    """The provider's id of who made them decides, where there is one, also after the person was renamed."""
    ann = "user:ann"
    tokens = [token_of(name="first", maker=ann, maker_id="id-1"), token_of(name="second", maker=ann, maker_id="id-2")]
    tokens += [token_of(name="operator", maker=ann)]
    for token in tokens:
        await add(any_store, token)
    for maker, maker_id, seen in (
        (ann, "id-1", {"first", "operator"}),
        (ann, "id-2", {"second", "operator"}),
        (ann, None, {"operator"}),
        ("user:renamed", "id-1", {"first"}),
        (None, "id-1", {"first", "second", "operator"}),
    ):
        sight = Sight(app_ids=None, maker=maker, maker_id=maker_id)
        page = await any_store.page("acme", sight=sight, after=None, limit=9, now=utc_now())
        assert {token.name for token in page} == seen
    for reference in ("second", tokens[1].token_id):
        with pytest.raises(NotFound):
            await _revoke(any_store, reference, sight=Sight(app_ids=None, maker=ann, maker_id="id-1"))


async def test_a_rotation_begins_a_token_and_brings_ends_nearer(any_store: AnyStore) -> None:
    own, root = token_of(kind="user", name="ada"), token_of(name="root", ttl=timedelta(days=9))
    older = token_of(name="root", created_at=NOW - timedelta(hours=1), ttl=timedelta(days=9))
    below = token_of(name="below", parent_id=root.token_id, ttl=timedelta(minutes=5))
    beside = token_of(name="beside")
    for token in (own, older, root, below, beside):
        await add(any_store, token)
    now, seen = utc_now(), list[Found]()
    new, end = token_of(name="root"), now + timedelta(hours=1)

    def decide(found: Found, family: Found) -> Decision[TokenRows]:
        seen.extend([found, family])
        shortened = [token.token_id for token in family]
        rows = TokenRows(at=now, shortened=shortened, shortened_to=end, added=new, digest=pat.digest("new"))
        return Decision(answer={"token_id": new.token_id}, rows=rows, no_event=NoEvent.PART)

    for _ in range(2):
        *_, answer = await any_store.rotate(
            "acme", "root", parent_id=own.token_id, sight=ALL, now=now, request=_key("f"), decide=decide
        )
        assert answer == {"token_id": new.token_id}
    assert [[token.token_id for token in found] for found in seen] == [
        [own.token_id],
        [root.token_id, older.token_id, below.token_id],
    ]
    kept = [await find(any_store, "acme", token.token_id) for token in (root, older, below, beside, new, own)]
    assert [token and token.expires_at for token in kept] == [
        end, end, below.expires_at, beside.expires_at, new.expires_at, own.expires_at,
    ]  # fmt: skip


async def test_what_a_new_token_depends_on(any_store: AnyStore) -> None:
    parent, namesake = token_of(name="parent"), token_of(name="ci")
    for token in (parent, namesake, token_of(name="gone", created_at=NOW - timedelta(days=3))):
        await add(any_store, token)
    await add(any_store, token_of(name="person", kind="user"))
    await add(any_store, token_of(name="ci", tenant="rival"))

    async def found(parent_id: str, name: str) -> set[str]:
        seen: list[Token] = []

        def decide(found: Found) -> Decision[TokenRows]:
            seen.extend(found)
            raise NotFound("enough")

        with pytest.raises(NotFound):
            await any_store.create(
                "acme", parent_id=parent_id, name=name, now=utc_now(), request=_key("f"), decide=decide
            )
        return {token.token_id for token in seen}

    assert await found(parent.token_id, "ci") == {parent.token_id, namesake.token_id}
    assert await found(parent.token_id, "parent") == {parent.token_id}
    for name in ("gone", "person", "absent"):
        assert await found("absent", name) == set()


async def test_answer_is_remembered_for_the_same_request(any_store: AnyStore) -> None:
    async def create(key: RequestKey, token_id: str) -> str:
        rows = TokenRows(at=utc_now(), added=token_of(name=token_id, token_id=token_id), digest=pat.digest(token_id))
        decision = Decision(answer={"token_id": token_id}, rows=rows, no_event=NoEvent.PART)
        _, answer = await any_store.create(
            "acme", parent_id="p", name=token_id, now=utc_now(), request=key, decide=lambda _: decision
        )
        return str(answer["token_id"])

    assert await create(_key("f"), "one") == "one"
    assert await create(_key("f"), "two") == "one"
    assert await find(any_store, "acme", "two") is None
    assert await create(_key("f", subject="t2"), "three") == "three"
    with pytest.raises(InvalidInput) as reused:
        await create(_key("g"), "four")
    assert reused.value.reason == "REQUEST_ID_REUSED"


async def test_revoking_goes_down_the_tree_past_ended_tokens(any_store: AnyStore) -> None:
    root = token_of(name="root", created_at=NOW)
    ended = token_of(name="ended", parent_id=root.token_id, created_at=NOW - timedelta(days=2))
    below = token_of(name="below", parent_id=ended.token_id)
    beside = token_of(name="beside")
    theirs = token_of(name="theirs", tenant="rival", parent_id=root.token_id)
    for token in (below, beside, ended, root, theirs):
        await add(any_store, token)
    now = utc_now()
    revoked = await _revoke(any_store, root.token_id, now=now)
    assert [token.name for token in revoked] == ["root", "below"]
    with pytest.raises(NotFound):
        await _revoke(any_store, "root")
    for token, ends in [(root, now), (below, now), (beside, None), (theirs, None)]:
        found = await find(any_store, token.tenant, token.token_id)
        assert found is not None
        assert found.revoked_at == ends


async def test_of_a_leaked_token_all_that_lives_is_found_whether_it_does_or_not(any_store: AnyStore) -> None:
    root = token_of(name="root", created_at=NOW - timedelta(days=2))
    ended = token_of(name="ended", parent_id=root.token_id, created_at=NOW - timedelta(days=2))
    below = token_of(name="below", parent_id=ended.token_id)
    theirs = token_of(name="theirs", tenant="rival", parent_id=root.token_id)
    for token in (root, ended, below, theirs, token_of(name="beside")):
        await add(any_store, token)
    nothing = Decision[TokenRows](answer={})
    for token_id, names in ((root.token_id, ["below"]), (below.token_id, ["below"])):
        found = await any_store.leaked("acme", [token_id], now=utc_now(), decide=lambda _: nothing)
        assert [token.name for token in found] == names
    now = utc_now()
    everything = TokenRows(at=now, ended=[below.token_id])
    await any_store.leaked(
        "acme", [root.token_id], now=now, decide=lambda _: Decision(answer={}, rows=everything, no_event=NoEvent.PART)
    )
    kept = await find(any_store, "acme", below.token_id)
    assert kept is not None
    assert kept.revoked_at == now


async def test_living_sign_ins_of_a_person_are_found_whoever_issued_them(any_store: AnyStore) -> None:
    first, second = [token_of(name="ada", kind="user", creator=f"service:{issuer}") for issuer in ("one", "two")]
    over = token_of(name="ada", kind="user", created_at=NOW - timedelta(days=2))
    pat_of_that_name = token_of(name="ada")
    for token in (first, second, over, pat_of_that_name, token_of(name="grace", kind="user")):
        await add(any_store, token)
    new = token_of(name="ada", kind="user")
    rows = TokenRows(at=utc_now(), ended=[first.token_id], added=new, digest=pat.digest("new"))
    found = await any_store.sign_in(
        "acme", "ada", now=utc_now(), decide=lambda _: Decision(answer={}, rows=rows, no_event=NoEvent.PART)
    )
    assert {token.token_id for token in found} == {first.token_id, second.token_id}
    states = [await find(any_store, "acme", token.token_id) for token in (first, second, pat_of_that_name, new)]
    assert [state is not None and state.is_living(utc_now()) for state in states] == [False, True, True, True]


async def test_what_a_maker_may_do_limits_their_living_tokens_and_nobody_elses(any_store: AnyStore) -> None:
    mine, below, over, theirs, foreign = (
        replace(token_of(name=name, tenant=tenant, created_at=NOW - timedelta(days=age)), maker_id=maker_id)
        for name, tenant, age, maker_id in (
            ("mine", "acme", 0, "p1"),
            ("below", "acme", 0, "p1"),
            ("over", "acme", 2, "p1"),
            ("theirs", "acme", 0, "p2"),
            ("foreign", "rival", 0, "p1"),
        )
    )
    signed_in_here = token_of(name="signed-in-here")
    for token in (mine, below, over, theirs, foreign, signed_in_here):
        await add(any_store, token)
    limit = MakerLimit(maker="", maker_id="p1", permissions=frozenset({"config.read"}))
    decision = Decision(answer={}, rows=TokenRows(at=utc_now(), limits=[limit]), no_event=NoEvent.PART)
    found = await any_store.limit("acme", "p1", now=utc_now(), decide=lambda _: decision)
    assert [token.name for token in found] == ["below", "mine"]
    for token in (mine, below):
        kept = await find(any_store, "acme", token.token_id)
        assert kept is not None
        assert (kept.permissions, kept.granted) == (limit.permissions, mine.granted)
    for token in (over, theirs, foreign, signed_in_here):
        assert await find(any_store, token.tenant, token.token_id) == token


async def test_a_person_an_operator_signs_in_limits_what_they_made_here(any_store: AnyStore) -> None:
    mine, theirs = token_of(name="mine"), token_of(name="theirs", maker="user:grace")
    elsewhere = replace(token_of(name="elsewhere"), maker_id="p1")
    for token in (mine, theirs, elsewhere):
        await add(any_store, token)
    limit = MakerLimit(maker="user:ada@example.com", maker_id=None, permissions=frozenset({"config.read"}))
    await add(any_store, token_of(name="ada", kind="user"), limits=(limit,))
    permissions = [await find(any_store, "acme", token.token_id) for token in (mine, theirs, elsewhere)]
    assert [token and token.permissions for token in permissions] == [{"config.read"}, theirs.granted, theirs.granted]


async def test_makers_of_every_tenant_are_told_with_what_is_kept_of_them(any_store: AnyStore) -> None:
    assert [some async for some in any_store.makers()] == []
    one = frozenset({"config.read"})
    for name, tenant, maker_id, permissions, age in (
        ("a", "acme", "p1", one, 0),
        ("b", "acme", "p1", None, 0),
        ("c", "rival", "p1", frozenset({"config.read", "apps.read"}), 0),
        ("d", "acme", "p2", one, 0),
        ("e", "acme", "p3", one, 2),
        ("f", "acme", None, None, 0),
    ):
        token = token_of(name=name, tenant=tenant, created_at=NOW - timedelta(days=age))
        await add(any_store, replace(token, maker_id=maker_id, maker_permissions=permissions))
    makers = [maker async for some in any_store.makers() for maker in some]
    assert [(each.maker_id, each.tenant) for each in makers] == [("p1", "acme"), ("p1", "rival"), ("p2", "acme")]
    assert [each.may_just(one) for each in makers] == [False, False, True]
    assert makers[1].may_just(frozenset({"apps.read", "config.read"}))


async def test_uses_are_noted(any_store: AnyStore, any_presented: PresentedTokens | FakeTokenStore) -> None:
    used, unused = token_of(name="used"), token_of(name="unused")
    await add(any_store, used)
    await add(any_store, unused)
    await any_presented.note_uses("acme", {used.token_id: NOW})
    found = [await find(any_store, "acme", token.token_id) for token in (used, unused)]
    assert [token and token.last_used_at for token in found] == [NOW, None]


def _key(asked: str, *, subject: str = "t1") -> RequestKey:
    return RequestKey(request_id="request-1", subject=subject, method="CreateToken", fingerprint=asked)


async def _revoke(store: AnyStore, reference: str, *, sight: Sight | None = None, now: datetime | None = None) -> Found:
    at = now or utc_now()
    return await store.revoke(
        "acme",
        reference,
        sight=sight or ALL,
        now=at,
        decide=lambda found: decide_revocation(found, identity=ADMIN, actor=ADA, now=at),
    )
