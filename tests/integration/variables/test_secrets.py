"""secrets as users and releaser meet it: sealed at rest, revealed with an audit event, rotated, restored.

Leaves out names shared with config (test_names.py) and the sealed format itself (tests/unit/secrets).
"""

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from paaskit.access import VIEWER
from paaskit.clock import random_id
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.variables.conftest import Platform

CANARY = "canary-7f3a9b-plaintext"


async def test_value_comes_back_and_is_nowhere_else(platform: Platform, databases: Databases) -> None:
    await platform.app()
    change = await platform.seal(STRIPE_KEY=CANARY, EMPTY="")
    assert change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    assert await platform.reveal("STRIPE_KEY") == CANARY
    assert await platform.reveal("EMPTY") == ""
    for service in ("config", "secrets"):
        for (table,) in databases.look(service, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            statement = f"SELECT count(*) FROM {table} t WHERE position(%s in t::text) > 0"  # noqa: S608  # our tables
            for text in (CANARY, CANARY.encode().hex()):
                assert databases.look(service, statement, (text,)) == [(0,)], f"{service}.{table}"


async def test_reveal_commits_its_event_before_it_answers(platform: Platform, databases: Databases) -> None:
    await platform.app()
    await platform.seal(KEY=CANARY)
    await until(lambda: databases.look("secrets", "SELECT count(*) FROM outbox") == [(0,)])
    platform.audit.events.clear()
    values = await asyncio.gather(*(platform.reveal("KEY") for _ in range(40)))
    assert set(values) == {CANARY}
    waiting = databases.look("secrets", "SELECT count(*) FROM outbox WHERE destination = 'audit'")[0][0]
    await until(lambda: len(platform.audit.events) == 40)
    assert waiting <= 40
    assert {event.action for event in platform.audit.events} == {"secrets.get"}
    assert {tuple(event.targets) for event in platform.audit.events} == {("KEY",)}


async def test_no_audit_row_no_plaintext(platform: Platform, databases: Databases) -> None:
    await platform.app()
    await platform.seal(KEY=CANARY)
    databases.look("secrets", "REVOKE INSERT ON outbox FROM secrets")
    try:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await platform.reveal("KEY")
    finally:
        databases.look("secrets", "GRANT INSERT ON outbox TO secrets")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert CANARY not in str(refused.value)
    assert await platform.reveal("KEY") == CANARY


async def test_list_shows_names_in_first_set_order(platform: Platform) -> None:
    await platform.app()
    assert await _listed(platform) == []
    await platform.seal(B="1", A="2")
    await platform.seal(B="3", C="4")
    assert await _listed(platform) == ["B", "A", "C"]


async def test_listing_writing_and_reading_are_three_permissions(platform: Platform) -> None:
    await platform.app()
    await platform.seal(KEY=CANARY)
    viewer = platform.signer.user(permissions=VIEWER)
    await platform.secrets.ListSecrets(secrets_pb2.ListSecretsRequest(app="web"), metadata=viewer)
    for call in (platform.reveal("KEY", me=viewer), platform.seal(KEY="x", me=viewer)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    writer = platform.signer.user(permissions=frozenset({"secrets.write"}))
    await platform.seal(KEY="new", me=writer)
    with pytest.raises(grpc.aio.AioRpcError):
        await platform.reveal("KEY", me=writer)


async def test_same_value_is_no_change(platform: Platform) -> None:
    await platform.app()
    first = await platform.seal(KEY=CANARY)
    second = await platform.seal(KEY=CANARY)
    assert (second.version, second.release_status) == (first.version, config_pb2.RELEASE_STATUS_NONE)
    third = await platform.seal(KEY=CANARY + "2", OTHER="x", stage=True)
    assert [each.name for each in third.changes] == ["KEY", "OTHER"]
    assert third.release_status == config_pb2.RELEASE_STATUS_STAGED


async def test_moved_ciphertext_does_not_open(platform: Platform, databases: Databases) -> None:
    await platform.app()
    await platform.app("other")
    await platform.seal(A=CANARY, B="b")
    await platform.seal("other", A="other")
    sealed = databases.look("secrets", "SELECT sealed FROM sealed WHERE name = 'A' ORDER BY position LIMIT 1")[0][0]
    databases.look("secrets", "UPDATE sealed SET sealed = %s WHERE name = 'B'", (sealed,))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.reveal("B")
    assert refused.value.code() is grpc.StatusCode.INTERNAL
    assert CANARY not in str(refused.value)


async def test_rotate_stores_a_fresh_value_and_keeps_the_old_one_for_the_overlap(
    platform: Platform, databases: Databases
) -> None:
    app = await platform.app()
    await platform.seal(KEY=CANARY)
    await _rotate(platform, name="KEY", random=secrets_pb2.RandomValue(), overlap=Duration(seconds=3600))
    fresh = await platform.reveal("KEY")
    assert len(fresh) == 44
    assert await platform.resolve(app.app_id, "KEY", "KEY_PREVIOUS") == {"KEY": fresh, "KEY_PREVIOUS": CANARY}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.set(KEY_PREVIOUS="mine")
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION

    databases.look("secrets", "UPDATE overlap_ends SET due = now() - interval '1 second'")
    databases.look(
        "secrets", "UPDATE sealed SET previous_until = now() - interval '1 second' WHERE previous IS NOT NULL"
    )
    await until(lambda: platform.releaser.orders[-1].description == "End the overlap of KEY")
    assert await platform.resolve(app.app_id, "KEY", "KEY_PREVIOUS") == {"KEY": fresh}
    await until(lambda: databases.look("secrets", "SELECT count(*) FROM outbox") == [(0,)])
    await platform.set(KEY_PREVIOUS="mine")


async def test_rotate_takes_a_given_value_and_formats(platform: Platform) -> None:
    await platform.app()
    await platform.seal(KEY="old")
    await _rotate(platform, name="KEY", value="given")
    assert await platform.reveal("KEY") == "given"
    in_hex = secrets_pb2.RandomValue(length=20, format=secrets_pb2.RANDOM_FORMAT_HEX)
    await _rotate(platform, name="KEY", random=in_hex)
    assert len(bytes.fromhex(await platform.reveal("KEY"))) == 20
    in_alnum = secrets_pb2.RandomValue(length=50, format=secrets_pb2.RANDOM_FORMAT_ALNUM)
    await _rotate(platform, name="KEY", random=in_alnum)
    assert len(await platform.reveal("KEY")) == 50
    too_short = secrets_pb2.RandomValue(length=15)
    for wrong in ({"name": "KEY"}, {"name": "KEY", "random": too_short}, {"name": "GONE", "value": "x"}):
        with pytest.raises(grpc.aio.AioRpcError):
            await _rotate(platform, **wrong)


async def test_restore_brings_old_values_back_sealed_anew(platform: Platform) -> None:
    app = await platform.app()
    then = await platform.seal(A="old", B="same", GONE="x")
    await platform.seal(A="new", D="added")
    await platform.secrets.UnsetSecrets(
        secrets_pb2.UnsetSecretsRequest(request_id=random_id(), app="web", names=["GONE"]), metadata=platform.me
    )
    request = secrets_pb2.RestoreVersionRequest(
        tenant="acme", app_id=app.app_id, version=then.version, change_id="revert-web-12", actor="user:ada"
    )
    answers = [await platform.secrets_for("releaser").RestoreVersion(request) for _ in range(2)]
    assert answers[0] == answers[1]
    assert {(each.name, each.action) for each in answers[0].changes} == {
        ("A", config_pb2.ACTION_CHANGED),
        ("GONE", config_pb2.ACTION_ADDED),
        ("D", config_pb2.ACTION_REMOVED),
    }
    assert await platform.resolve(app.app_id, "A", "B", "GONE", "D") == {"A": "old", "B": "same", "GONE": "x"}


async def test_release_reads_any_version(platform: Platform) -> None:
    app = await platform.app()
    first = await platform.seal(A="1")
    await platform.seal(A="2")
    assert await platform.resolve(app.app_id, "A", "NOT_MINE") == {"A": "2"}
    assert await platform.resolve(app.app_id, "A", version=first.version) == {"A": "1"}
    await until(lambda: any(event.action == "secrets.resolve" for event in platform.audit.events))


async def test_values_at_and_over_the_limit(platform: Platform) -> None:
    await platform.app()
    longest = "ü" * (32 * 1024)
    await platform.seal(BIG=longest)
    assert await platform.reveal("BIG") == longest
    for wrong in ("x" * (64 * 1024 + 1), "nul\0"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await platform.seal(BAD=wrong)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert wrong[:10] not in str(refused.value.details())


async def _listed(platform: Platform) -> list[str]:
    answer = await platform.secrets.ListSecrets(secrets_pb2.ListSecretsRequest(app="web"), metadata=platform.me)
    return [secret.name for secret in answer.secrets]


async def _rotate(platform: Platform, **fields: Any) -> config_pb2.Change:
    request = secrets_pb2.RotateSecretRequest(request_id=random_id(), app="web", **fields)
    answer: secrets_pb2.RotateSecretResponse = await platform.secrets.RotateSecret(request, metadata=platform.me)
    return answer.change
