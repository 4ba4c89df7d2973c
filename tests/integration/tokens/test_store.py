"""Tokens on a real PostgreSQL: whose rows are seen by whom, roles, and many at once.

What the store does for the rules is in test_store_contract.py, where the fake has to do the same.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import grpc
import psycopg
import pytest
from paas.audit.v1 import audit_pb2

from paaskit.audit import Actor
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.errors import AlreadyExists, PaasError
from paaskit.requests import RequestKey
from paaskit.trail import Trail
from paaskit.write_path import Decision, NoEvent, WritePath
from services.tokens import pat
from services.tokens.check.leases import outlast
from services.tokens.check.store import PresentedTokens
from services.tokens.domain import Found, TextSource, Tokens
from services.tokens.rules.asked import NewText, NewToken
from services.tokens.rules.sight import Sight
from services.tokens.store import Store
from services.tokens.token import Token, TokenRows
from tests.fakes.app_registry import FakeApps
from tests.fakes.identities import identity_of
from tests.fakes.trusts import FakeTrusts
from tests.fixtures.postgres import Databases
from tests.integration.tokens.builders import add, find, token_of

ALL = Sight(app_ids=None, maker=None)
OPERATOR = Actor(tenant="acme", name="service:operator", credential="service:operator")
DIGEST_SET = "SELECT set_config('paas.token_digest', %s, false)"
TENANT_SET = "SELECT set_config('paas.tenant', %s, false)"


async def test_service_role_sees_nothing_without_tenant_or_digest(databases: Databases, store: Store) -> None:
    await add(store, token_of())
    with databases.connect("tokens") as connection:
        assert connection.execute("SELECT * FROM tokens").fetchall() == []
        # PostgreSQL leaves empty texts behind where settings were set for a transaction.
        connection.execute(TENANT_SET, ("",))
        connection.execute(DIGEST_SET, ("",))
        assert connection.execute("SELECT * FROM tokens").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "INSERT INTO tokens"
                " (tenant, token_id, kind, name, digest, permissions, creator, created_at, expires_at)"
                " VALUES ('acme', 'x', 'pat', 'x', sha256('x'), '{}', 'x', now(), now() + interval '1 hour')"
            )


async def test_who_has_the_digest_sees_that_row_and_changes_nothing(databases: Databases, store: Store) -> None:
    texts = [await add(store, token_of(tenant=tenant)) for tenant in ("acme", "rival")]
    with databases.connect("tokens") as connection:
        for text, tenant in zip(texts, ("acme", "rival"), strict=True):
            connection.execute(DIGEST_SET, (pat.digest(text).hex(),))
            assert connection.execute("SELECT tenant FROM tokens").fetchall() == [(tenant,)]
            assert connection.execute("UPDATE tokens SET last_used_at = now()").rowcount == 0
        connection.execute(DIGEST_SET, ("00" * 32,))
        assert connection.execute("SELECT tenant FROM tokens").fetchall() == []
        both = [pat.digest(text).hex() for text in texts]
        for presented, seen in (
            (f"00,{both[1]}", 1),
            (",".join(both), 2),
            (both[0][:-1], 0),
            (f"{both[0]}{both[1]}", 0),
        ):
            connection.execute(DIGEST_SET, (presented,))
            assert len(connection.execute("SELECT tenant FROM tokens").fetchall()) == seen


async def test_tenant_sees_and_changes_its_own_rows_only(
    databases: Databases, database: Database, store: Store, presented: PresentedTokens
) -> None:
    await add(store, token_of(tenant="acme"))
    rival = await add(store, token_of(tenant="rival"))
    assert await database.fetch("acme", "SELECT tenant FROM tokens") == [("acme",)]
    with databases.connect("tokens") as connection:
        connection.execute(TENANT_SET, ("acme",))
        assert connection.execute("UPDATE tokens SET revoked_at = now()").rowcount == 1
    found = await presented.find_by_digest(pat.digest(rival))
    assert found is not None
    assert found.revoked_at is None


async def test_statements_name_their_tenant_themselves(databases: Databases, store: Store) -> None:
    """Row-level security is the second lock: asked by a role it does not apply to, every statement is still its own."""
    person = token_of(kind="user", name="ada", creator="service:operator")
    mine, parent = token_of(), token_of(name="parent")
    child = token_of(name="child", parent_id=parent.token_id)
    for token in (person, mine, parent, child):
        for tenant in ("acme", "rival"):
            await add(store, replace(token, tenant=tenant))
    async with databases.open_past_policies("tokens") as database, grpc.aio.insecure_channel("127.0.0.1:1") as nowhere:
        bare = Store(database, WritePath(database, trail=Trail(database, nowhere)))
        page = await bare.page("acme", sight=ALL, after=None, limit=10, now=utc_now())
        assert sorted(token.name for token in page) == ["child", "ci", "parent"]
        await PresentedTokens(database).note_uses("acme", {mine.token_id: utc_now()})
        assert all([await find(bare, "acme", token.token_id) for token in page])
        key = RequestKey(request_id="request-1", subject="t1", method="CreateToken", fingerprint="f")
        family = await bare.revoke("acme", "parent", sight=ALL, now=utc_now(), decide=_end_all)
        related, _ = await bare.create(
            "acme", parent_id=parent.token_id, name="ci", now=utc_now(), request=key, decide=_end_all
        )
        sign_ins = await bare.sign_in("acme", "ada", now=utc_now(), decide=_end_all)
    for found, names in ((family, ["parent", "child"]), (related, ["ci", "parent"]), (sign_ins, ["ada"])):
        assert sorted((token.tenant, token.name) for token in found) == [("acme", name) for name in sorted(names)]
    changed = "SELECT DISTINCT tenant FROM tokens WHERE revoked_at IS NOT NULL OR last_used_at IS NOT NULL"
    assert databases.look("tokens", changed) == [("acme",)]
    assert databases.look("tokens", "SELECT count(*) FROM tokens WHERE revoked_at IS NOT NULL") == [(4,)]


async def test_revoking_560_tokens_is_one_change_that_names_560(store: Store, databases: Databases) -> None:
    parent = token_of(name="parent")
    await add(store, parent)
    databases.look(
        "tokens",
        """
        INSERT INTO tokens
            (tenant, token_id, kind, name, digest, permissions, creator, parent_id, created_at, expires_at)
        SELECT 'acme', n::text, 'pat', 'child-' || n || repeat('x', 50), sha256(n::text::bytea), '{}', 'x', %s, now(),
            now() + '1 day'
        FROM generate_series(1, 559) n""",
        (parent.token_id,),
    )
    _, others = await _tokens(store).revoke("parent", identity_of(), actor=OPERATOR)
    assert len(others) == 559
    events = [audit_pb2.Event.FromString(row) for (row,) in databases.look("tokens", "SELECT payload FROM outbox")]
    assert [len(event.targets) for event in events] == [500, 60]
    assert len({name for event in events for name in event.targets}) == 560
    assert databases.look("tokens", "SELECT count(*) FROM tokens WHERE revoked_at IS NULL") == [(0,)]


async def test_token_kept_by_names_alone_is_read_without_ids(store: Store, databases: Databases) -> None:
    token = token_of(apps=frozenset({("web", "a1"), ("api", "a2")}))
    await add(store, token)
    databases.look("tokens", "UPDATE tokens SET app_ids = NULL")
    found = await find(store, "acme", token.token_id)
    assert found is not None
    assert (found.apps, found.reach) == (frozenset({("web", ""), ("api", "")}), frozenset())
    for app_ids, seen in ((None, 1), (frozenset({"a1", "a2"}), 0), (frozenset({""}), 0), (frozenset[str](), 0)):
        page = await store.page("acme", sight=Sight(app_ids=app_ids, maker=None), after=None, limit=10, now=utc_now())
        assert len(page) == seen


async def test_settings_of_one_transaction_are_gone_in_the_next(databases: Databases, store: Store) -> None:
    """One connection serves every tenant in turn (CVE-2024-10976 is the same fear for plans)."""
    texts = {tenant: await add(store, token_of(tenant=tenant)) for tenant in ("acme", "rival")}
    database = Database(
        databases.service_url("tokens"),
        password_file=databases.password_file("tokens"),
        service="tokens",
        writers=1,
        readers=1,
    )
    await database.open()
    single = Store(database, store._changes)
    for tenant in ("acme", "rival", "third", "acme") * 3:
        assert {row[0] for row in await database.fetch(tenant, "SELECT tenant FROM tokens")} == {tenant} & set(texts)
        page = await single.page(tenant, sight=ALL, after=None, limit=10, now=utc_now())
        assert {token.tenant for token in page} == {tenant} & set(texts)
        if tenant in texts:
            found = await PresentedTokens(database).find_by_digest(pat.digest(texts[tenant]))
            assert found is not None
            assert found.tenant == tenant
        assert await database.fetch_presenting("paas.token_digest", "", statement="TABLE tokens", parameters=()) == []
    await database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tokens",
        "TRUNCATE tokens",
        "UPDATE tokens SET permissions = '{keys.manage}'",
        "UPDATE tokens SET created_at = now() + interval '1000 days'",
        "UPDATE tokens SET tenant = 'rival'",
        "UPDATE requests SET answer = ''",
        "ALTER TABLE tokens DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE elsewhere (text text)",
        "SET ROLE tokens_owner",
    ],
)
async def test_service_role_may_only_what_it_needs(databases: Databases, statement: str) -> None:
    with databases.connect("tokens") as connection:
        connection.execute(TENANT_SET, ("acme",))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


async def test_requests_of_no_tenant_are_an_error(databases: Databases) -> None:
    with databases.connect("tokens") as connection, pytest.raises(psycopg.errors.UndefinedObject):
        connection.execute("SELECT * FROM requests")


async def test_digest_is_found_by_its_index(databases: Databases) -> None:
    databases.empty("tokens")
    databases.look(
        "tokens",
        """
        INSERT INTO tokens (tenant, token_id, kind, name, digest, permissions, creator, created_at, expires_at)
        SELECT 'tenant-' || n % 50, n::text, 'pat', n::text, sha256(n::text::bytea), '{}', 'x', now(), now() + '1 day'
        FROM generate_series(1, 20000) n""",
    )
    databases.look("tokens", "ANALYZE tokens")
    with databases.connect("tokens") as connection:
        connection.execute(DIGEST_SET, (pat.digest("77").hex(),))
        statement = "EXPLAIN (FORMAT TEXT) SELECT tenant FROM tokens t WHERE t.digest = %s"
        plan = "\n".join(line for (line,) in connection.execute(statement, (pat.digest("77"),)).fetchall())
        assert "tokens_digest" in plan
        assert connection.execute("SELECT name FROM tokens WHERE digest = %s", (pat.digest("77"),)).fetchall() == [
            ("77",)
        ]


async def test_look_up_waits_for_the_server_once(
    store: Store, presented: PresentedTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request at the edge waits for it. What counts is how often psycopg sends and then waits."""
    text = await add(store, token_of())
    for _ in range(2):
        await presented.find_by_digest(pat.digest(text))  # connects and prepares
    waits: list[str] = []
    original = psycopg.AsyncConnection.wait

    async def counted(self: Any, gen: Any, *arguments: Any, **keywords: Any) -> Any:
        waits.append(gen.__qualname__)
        return await original(self, gen, *arguments, **keywords)

    monkeypatch.setattr(psycopg.AsyncConnection, "wait", counted)
    assert await presented.find_by_digest(pat.digest(text)) is not None
    # Queued commands don't wait; the end of the pipeline does, once.
    assert [name for name in waits if name.endswith(("_exit_gen", "_sync_gen", "_fetch_gen"))] == [
        "BasePipeline._exit_gen"
    ]


async def test_one_of_many_makers_gets_the_name(store: Store) -> None:
    tokens, parent = await _rules(store)
    identity = identity_of(token_id=parent.token_id)
    actor = Actor(tenant="acme", name=identity.subject, credential=identity.origin.credential)

    async def create(request_id: str) -> str:
        try:
            created, _ = await tokens.create(NewToken(request_id=request_id, name="ci"), identity, actor=actor)
        except AlreadyExists as refused:
            return refused.reason
        return created.token.name

    same_name = await asyncio.gather(*(create(random_id()) for _ in range(10)))
    assert sorted(same_name) == ["TOKEN_EXISTS"] * 9 + ["ci"]


async def test_nothing_made_while_its_creator_is_revoked_lives_on(store: Store, databases: Databases) -> None:
    tokens, parent = await _rules(store)
    actor = Actor(tenant="acme", name="user:ada@example.com", credential=parent.token_id)
    machine, _ = await tokens.create(
        NewToken(request_id=random_id(), name="parent"), identity_of(token_id=parent.token_id), actor=actor
    )
    identity = identity_of(subject="pat:parent", token_id=machine.token.token_id)

    async def create(number: int) -> bool:
        try:
            await tokens.create(NewToken(request_id=random_id(), name=f"child-{number}"), identity, actor=actor)
        except PaasError:
            return False
        return True

    async def revoke() -> bool:
        await tokens.revoke("parent", identity_of(), actor=actor)
        return True

    made = await asyncio.gather(*(create(number) if number != 5 else revoke() for number in range(12)))
    living = databases.look("tokens", "SELECT name FROM tokens WHERE revoked_at IS NULL AND kind = 'pat'")
    assert living == []
    assert 1 <= sum(made) <= 12


async def test_no_end_is_ever_put_off_whoever_asks_for_it(store: Store, databases: Databases) -> None:
    """CVE-2021-32923: the database itself keeps a token from living longer than it was made for."""
    await add(store, token_of())
    with pytest.raises(psycopg.errors.CheckViolation, match="never lives longer"):
        databases.look("tokens", "UPDATE tokens SET expires_at = expires_at + interval '1 second'")
    databases.look("tokens", "UPDATE tokens SET expires_at = expires_at - interval '1 second'")


async def test_one_of_many_rotations_has_the_newest_and_all_end_but_that(store: Store, databases: Databases) -> None:
    tokens, parent = await _rules(store)
    identity = identity_of(token_id=parent.token_id)
    actor = Actor(tenant="acme", name=identity.subject, credential=identity.origin.credential)
    await tokens.create(NewToken(request_id=random_id(), name="ci"), identity, actor=actor)

    async def rotate() -> str:
        wanted = NewText(request_id=random_id(), reference="ci", overlap=timedelta(0))
        rotated, _ = await tokens.rotate(wanted, identity, actor=actor)
        return rotated.token.token_id

    made = await asyncio.gather(*(rotate() for _ in range(6)))
    living = databases.look("tokens", "SELECT token_id FROM tokens WHERE revoked_at IS NULL AND kind = 'pat'")
    assert len(living) == 1
    assert living[0][0] in made


def _end_all(found: Found) -> Decision[TokenRows]:
    return Decision(
        answer={},
        rows=TokenRows(at=utc_now(), ended=[token.token_id for token in found]),
        no_event=NoEvent.PART,
    )


async def _rules(store: Store) -> tuple[Tokens, Token]:
    parent = replace(token_of(name="ada@example.com"), kind=token_of(kind="user").kind)
    await add(store, parent)
    return _tokens(store), parent


def _tokens(store: Store) -> Tokens:
    texts = TextSource(generate=pat.generate, digest=pat.digest)
    return Tokens(
        store,
        texts=texts,
        resolve=FakeApps().resolve,
        clock=utc_now,
        new_id=random_id,
        outlast=outlast,
        trusts=FakeTrusts(),
    )
