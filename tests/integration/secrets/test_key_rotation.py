"""Rotating a tenant's key: what is stored is sealed anew, while everything goes on.

Covers the whole server on PostgreSQL: every kind of stored value, what is refused, request ids, other tenants. Crashes,
several replicas and concurrent changes are test_key_rollout.py.
"""

import asyncio

import grpc
import pytest

from paaskit.clock import random_id
from tests.integration.secrets.conftest import Secrets


async def refused(call: object) -> str:
    """What a call is refused with: code and text."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call  # type: ignore[misc]
    return f"{caught.value.code().name}: {caught.value.details()}"


async def test_everything_stored_is_sealed_anew_and_reads_as_before(secrets: Secrets) -> None:
    await secrets.set(KEY="1", OTHER="x", GONE="g")
    await secrets.set(KEY="2")
    await secrets.unset("GONE")
    await secrets.rotate("OTHER", value="y", hours=1)
    await secrets.attach("postgres://db")
    await secrets.set(KEY="3", NEW="n", stage=True)
    names = ("KEY", "OTHER", "GONE", "DATABASE_URL")
    before = {version: await secrets.resolve(version, *names) for version in range(1, 6)}
    stored = sum(secrets.generations().values())
    answer = await secrets.rotate_keys()
    assert (answer.generation, answer.older_versions) == (2, stored)
    keys = await secrets.rolled_out()
    assert secrets.generations() == {2: stored}
    assert [(each.generation, each.versions) for each in keys.generations] == [(1, 0), (2, stored)]
    assert (keys.rollout.total, keys.rollout.done, keys.rollout.unreadable) == (stored, stored, 0)
    after = {version: await secrets.resolve(version, *names) for version in before}
    assert after == before
    assert before[5] == {"KEY": "2", "OTHER": "y", "OTHER_PREVIOUS": "x", "DATABASE_URL": "postgres://db"}
    await secrets.release()
    assert (await secrets.reveal("KEY"), await secrets.reveal("NEW")) == ("3", "n")
    await secrets.restore(1)
    assert await secrets.values() == {"KEY": "1", "OTHER": "x", "GONE": "g"}
    actions = [event.action for event in await secrets.events() if event.action.startswith("keys.")]
    assert actions == ["keys.rotate"]


async def test_what_is_set_after_it_is_sealed_with_the_new_key(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    for generation in (2, 3):
        assert (await secrets.rotate_keys()).generation == generation
        await secrets.set(**{f"SET_{generation}": "x"})
        found = secrets.look("SELECT generation FROM sealed WHERE name = %s", f"SET_{generation}")
        assert found == [(generation,)]
        await secrets.rolled_out()


async def test_a_second_one_waits_for_the_first(secrets: Secrets) -> None:
    assert "NO_KEYS" not in await refused(secrets.rotate_keys())
    await secrets.set(KEY="1")
    request_id = random_id()
    first = await secrets.rotate_keys(request_id=request_id)
    await secrets.rolled_out()
    assert await secrets.rotate_keys(request_id=request_id) == first, "the same request is the same key"
    secrets.look("UPDATE tenant_keys SET finished_at = NULL WHERE generation = 2")
    secrets.look("UPDATE key_care SET due = 'infinity'")
    text = await refused(secrets.rotate_keys())
    assert text.startswith("FAILED_PRECONDITION: Generation 2 is still being rolled out (1 of 1).")
    assert secrets.look("SELECT max(generation) FROM tenant_keys") == [(2,)]


async def test_twenty_at_once_are_one_key(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    outcomes = await asyncio.gather(*(secrets.rotate_keys() for _ in range(20)), return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in outcomes) >= 1
    await secrets.rolled_out()
    made = secrets.look("SELECT count(*) FROM tenant_keys")[0][0] - 1
    assert made == sum(not isinstance(each, BaseException) for each in outcomes)
    assert await secrets.reveal() == "1"


async def test_another_tenant_is_neither_counted_nor_touched(secrets: Secrets) -> None:
    globex = secrets.signer.user(tenant="globex")
    secrets.registry.add_app(tenant="globex")
    await secrets.set(KEY="theirs", A="1", B="2", me=globex)
    await secrets.set(KEY="mine")
    assert (await secrets.rotate_keys()).older_versions == 1
    await secrets.rolled_out()
    assert secrets.generations("globex") == {1: 3}
    theirs = await secrets.keys(me=globex)
    assert [(each.generation, each.versions) for each in theirs.generations] == [(1, 3)]
    assert not theirs.HasField("rollout")
    assert await secrets.reveal(me=globex) == "theirs"


async def test_a_token_limited_to_an_app_may_not(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    limited = secrets.signer.user(apps=frozenset({("web", secrets.app_id)}))
    for call in (secrets.keys(me=limited), secrets.rotate_keys(me=limited), secrets.shred_keys(me=limited)):
        assert (await refused(call)).startswith("PERMISSION_DENIED")
    assert secrets.generations() == {1: 1}
