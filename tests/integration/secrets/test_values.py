"""Secrets as users and releaser meet them: sealed at rest, set, listed, read at the version asked for.

Leaves out reveals (test_reveals.py), names shared with config (test_claims.py) and the sealed format (unit tests).
"""

import grpc
import pytest
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.access import VIEWER
from tests.integration.secrets.conftest import Secrets

CANARY = "canary-7f3a9b-plaintext"


async def test_value_comes_back_and_is_nowhere_else(secrets: Secrets) -> None:
    change = await secrets.set(STRIPE_KEY=CANARY, EMPTY="")
    assert change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    await secrets.set(STAGED=CANARY, STRIPE_KEY=CANARY, stage=True)
    await secrets.rotate("EMPTY", value=CANARY, hours=1)
    assert await secrets.reveal("STRIPE_KEY") == CANARY
    for (table,) in secrets.look("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        statement = f"SELECT count(*) FROM {table} t WHERE position(%s in t::text) > 0"  # noqa: S608  # our tables
        for text in (CANARY, CANARY.encode().hex()):
            assert secrets.look(statement, text) == [(0,)], table


async def test_order_has_its_version_and_who_changed_what(secrets: Secrets) -> None:
    first = await secrets.set(A="1", B="2")
    second = await secrets.set(A="other", C="3")
    orders = secrets.releaser.orders
    assert [order.secrets_version for order in orders] == [first.version, second.version] == [1, 2]
    assert [order.HasField("config_version") for order in orders] == [True, True], "new names need config's version"
    assert orders[0].config_version < orders[1].config_version == secrets.registry.versions[secrets.app_id]
    assert [(each.name, each.action, each.secret, each.actor) for each in orders[1].changes] == [
        ("A", config_pb2.ACTION_CHANGED, True, "user:ada@example.com"),
        ("C", config_pb2.ACTION_ADDED, True, "user:ada@example.com"),
    ]
    await secrets.set(A="OTHER")
    assert not orders[2].HasField("config_version"), "nothing had to be claimed"
    assert isinstance(orders[2], releaser_pb2.ReleaseOrder)


async def test_every_change_is_one_event_of_its_app(secrets: Secrets) -> None:
    await secrets.set(KEY="1", B="2")
    await secrets.rotate(value="3")
    await secrets.unset("B")
    await secrets.set(KEY="3")
    assert [(event.action, list(event.targets), event.version) for event in await secrets.events()] == [
        ("secrets.set", ["KEY", "B"], 1),
        ("secrets.rotate", ["KEY"], 2),
        ("secrets.unset", ["B"], 3),
    ]
    assert {(event.app, event.app_id) for event in secrets.audit.events} == {("web", secrets.app_id)}


async def test_list_shows_names_in_first_set_order_by_pages(secrets: Secrets) -> None:
    assert (await secrets.listed()).version == 0
    await secrets.set(B="1", A="2")
    await secrets.set(B="3", C="4")
    answer = await secrets.listed(page_size=2)
    assert ([each.name for each in answer.secrets], answer.version) == (["B", "A"], 2)
    rest = await secrets.listed(page_size=2, page_token=answer.next_page_token)
    assert ([each.name for each in rest.secrets], rest.next_page_token) == (["C"], "")


async def test_listing_writing_and_reading_are_three_permissions(secrets: Secrets) -> None:
    await secrets.set(KEY=CANARY)
    viewer = secrets.signer.user(permissions=VIEWER)
    await secrets.listed(me=viewer)
    for call in (secrets.reveal(me=viewer), secrets.set(KEY="x", me=viewer)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    writer = secrets.signer.user(permissions=frozenset({"secrets.write"}))
    await secrets.set(KEY="new", me=writer)
    with pytest.raises(grpc.aio.AioRpcError):
        await secrets.reveal(me=writer)


async def test_same_value_is_no_change(secrets: Secrets) -> None:
    first = await secrets.set(KEY=CANARY)
    second = await secrets.set(KEY=CANARY)
    assert (second.version, second.release_status) == (first.version, config_pb2.RELEASE_STATUS_NONE)
    assert len(secrets.releaser.orders) == 1


async def test_release_reads_exactly_its_version(secrets: Secrets) -> None:
    first = await secrets.set(A="1", GONE="x")
    await secrets.set(A="2")
    third = await secrets.unset("GONE")
    assert await secrets.resolve(first.version, "A", "GONE", "NOT_MINE") == {"A": "1", "GONE": "x"}
    assert await secrets.resolve(third.version, "A", "GONE") == {"A": "2"}
    assert await secrets.resolve(first.version, "A") == {"A": "1"}
    assert await secrets.resolve(first.version) == {}
    assert await secrets.resolve(0, "A", "GONE") == {}, "version 0 has nothing, and is not the newest"
    assert "secrets.resolve" in {event.action for event in await secrets.events()}


async def test_moved_ciphertext_does_not_open(secrets: Secrets) -> None:
    await secrets.set(A=CANARY, B="b")
    sealed = secrets.look("SELECT sealed FROM sealed WHERE name = 'A'")[0][0]
    secrets.look("UPDATE sealed SET sealed = %s WHERE name = 'B'", sealed)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.reveal("B")
    assert refused.value.code() is grpc.StatusCode.INTERNAL
    assert CANARY not in str(refused.value)


async def test_values_at_and_over_the_limit(secrets: Secrets) -> None:
    longest = "ü" * (32 * 1024)
    await secrets.set(KEY=longest)
    assert await secrets.reveal() == longest
    for wrong in ("x" * (64 * 1024 + 1), "nul\0"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await secrets.set(BAD=wrong)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert wrong[:10] not in str(refused.value.details())


async def test_unset_of_what_is_not_there(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.unset("KEY", "NONE")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert "KEY" in (await secrets.values())
    change = await secrets.unset("KEY", "NONE", ignore_missing=True)
    assert [each.name for each in change.changes] == ["KEY"]


async def test_dry_runs_change_nothing_and_say_nothing_of_values(secrets: Secrets) -> None:
    """A writer who may not read can't guess: a right guess and a wrong one look the same."""
    await secrets.set(PIN="4711")
    await secrets.events()
    answers = [await secrets.set(PIN=guess, NEW="x", validate_only=True) for guess in ("4710", "4711", "1")]
    answers += [await secrets.set(PIN=guess, NEW="x", validate_only=True, stage=True) for guess in ("4710", "4711")]
    assert {answer.SerializeToString(deterministic=True) for answer in answers} == {
        answers[0].SerializeToString(deterministic=True)
    }
    assert [(each.name, each.action) for each in answers[0].changes] == [
        ("PIN", config_pb2.ACTION_CHANGED),
        ("NEW", config_pb2.ACTION_ADDED),
    ]
    unset = await secrets.unset("PIN", validate_only=True)
    assert [(each.name, each.action) for each in unset.changes] == [("PIN", config_pb2.ACTION_REMOVED)]
    assert await secrets.values() == {"PIN": "4711"}
    assert secrets.registry.secrets(secrets.app_id) == ["PIN"]
    assert [event.action for event in await secrets.events() if event.action != "secrets.list"] == ["secrets.resolve"]


async def test_a_secret_says_by_whom_it_became_what_it_is(secrets: Secrets) -> None:
    """Whoever set or released it, whoever went back; the releaser by itself where it took something back."""

    async def by() -> dict[str, str]:
        return {each.name: each.updated_by for each in (await secrets.listed()).secrets}

    first = await secrets.set(KEY="1", OTHER="1")
    assert await by() == dict.fromkeys(("KEY", "OTHER"), "user:ada@example.com")
    await secrets.set(KEY="2", stage=True)
    await secrets.release(actor="user:zoe")
    assert await by() == {"KEY": "user:zoe", "OTHER": "user:ada@example.com"}
    await secrets.restore(first.version, actor="user:bob")
    assert await by() == {"KEY": "user:bob", "OTHER": "user:ada@example.com"}
    before = (await secrets.listed()).version
    after = await secrets.rotate(value="3")
    await secrets.revert(before, after.version, actor="user:zoe")
    assert await by() == {"KEY": "service:releaser", "OTHER": "user:ada@example.com"}
    secrets.look("UPDATE sealed SET created_by = ''")
    assert set((await by()).values()) == {""}, "what was stored before says nothing"
