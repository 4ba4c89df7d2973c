"""Names that secrets claims in config: before it stores anything, and given up with what they were for.

Covers outages and answers that are lost at every step, late messages, and claims nobody settled. Leaves out what config
makes of it (tests/integration/variables/test_names.py, with the real one).
"""

import asyncio

import grpc
import pytest
from paas.config.v1 import config_pb2

from tests.fixtures.waiting import until
from tests.integration.secrets.conftest import Secrets

LEAVE = "UPDATE claims SET created_at = created_at - interval '61 seconds'"


async def _fails(call: object, code: grpc.StatusCode) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call  # type: ignore[misc]  # an awaitable of whatever it answers
    assert refused.value.code() is code
    return str(refused.value.details())


async def test_new_names_are_claimed_and_known_ones_only_when_their_size_changes(secrets: Secrets) -> None:
    await secrets.set(A="1", B="2")
    assert secrets.registry.secrets(secrets.app_id) == ["A", "B"]
    await secrets.set(A="2")
    assert secrets.registry.asked == [["A", "B"]]
    await secrets.set(A="longer", B="3", C="new")
    assert secrets.registry.asked[1:] == [["A", "C"]]
    assert secrets.registry.names[secrets.app_id, "A"].size == 6
    await until(secrets.names_at_rest)


async def test_name_that_is_something_else_stores_nothing(secrets: Secrets) -> None:
    secrets.registry.take(secrets.app_id, "PLAIN")
    assert "paas secrets:seal PLAIN" in await _fails(
        secrets.set(PLAIN="x", NEW="y"), grpc.StatusCode.FAILED_PRECONDITION
    )
    assert await secrets.values() == {}
    assert secrets.registry.secrets(secrets.app_id) == []
    await until(secrets.names_at_rest)


async def test_while_config_is_away_nothing_is_stored_and_known_names_go_on(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    secrets.registry.down = True
    await _fails(secrets.set(NEW="x"), grpc.StatusCode.UNAVAILABLE)
    await secrets.set(KEY="2")
    assert await secrets.values() == {"KEY": "2"}
    secrets.registry.down = False
    await secrets.set(NEW="x")
    assert await secrets.values() == {"KEY": "2", "NEW": "x"}


async def test_claim_whose_answer_was_lost_is_freed_in_the_end(secrets: Secrets) -> None:
    secrets.registry.loses_answers = True
    await _fails(secrets.set(NEW="x"), grpc.StatusCode.UNAVAILABLE)
    secrets.registry.loses_answers = False
    assert secrets.registry.secrets(secrets.app_id) == ["NEW"]
    secrets.look(LEAVE)
    await until(lambda: secrets.registry.secrets(secrets.app_id) == [])
    await until(secrets.names_at_rest)


async def test_claim_whose_answer_was_lost_frees_nothing_that_was_set_since(secrets: Secrets) -> None:
    secrets.registry.loses_answers = True
    await _fails(secrets.set(NEW="x"), grpc.StatusCode.UNAVAILABLE)
    secrets.registry.loses_answers = False
    lost = secrets.registry.names[secrets.app_id, "NEW"]
    await secrets.set(NEW="y")
    # The worst order: the lost claim takes effect last, so config has the name under it.
    secrets.registry.names[secrets.app_id, "NEW"] = lost
    secrets.look(LEAVE)
    await until(lambda: secrets.look("SELECT count(*) FROM claims") == [(0,)])
    assert secrets.registry.secrets(secrets.app_id) == ["NEW"]
    assert await secrets.values() == {"NEW": "y"}
    await secrets.unset("NEW")
    assert secrets.registry.secrets(secrets.app_id) == [], "it was held under both"


async def test_refused_after_its_claim_leaves_no_name_behind(secrets: Secrets) -> None:
    await secrets.set(KEY="1", KEY_PREVIOUS="mine")
    await _fails(secrets.rotate(value="a longer one", hours=1), grpc.StatusCode.FAILED_PRECONDITION)
    await secrets.attach("postgres://u:p@h/d")
    secrets.registry.take(secrets.app_id, "DATABASE_URL", "managed")
    await _fails(secrets.set(DATABASE_URL="mine", NEW="x"), grpc.StatusCode.FAILED_PRECONDITION)
    assert secrets.registry.secrets(secrets.app_id) == ["KEY", "KEY_PREVIOUS"]
    await until(secrets.names_at_rest)


async def test_claim_that_was_settled_meanwhile_is_made_anew(secrets: Secrets) -> None:
    """A writer that was held up for longer than its claim is kept must not store under it."""
    secrets.registry.open.clear()
    writer = asyncio.ensure_future(secrets.set(NEW="x"))
    await until(lambda: secrets.registry.waiting)
    secrets.look(LEAVE)
    await until(lambda: secrets.look("SELECT count(*) FROM claims") == [(0,)])
    secrets.registry.open.set()
    await writer
    assert secrets.registry.secrets(secrets.app_id) == ["NEW"]
    assert len(secrets.registry.asked) == 2
    assert await secrets.values() == {"NEW": "x"}


async def test_unset_frees_at_once_and_later_where_config_is_away(secrets: Secrets) -> None:
    await secrets.set(A="1", B="2")
    await secrets.unset("A")
    assert secrets.registry.secrets(secrets.app_id) == ["B"]
    secrets.registry.down = True
    await secrets.unset("B")
    secrets.registry.down = False
    await until(lambda: secrets.registry.secrets(secrets.app_id) == [])


async def test_late_message_frees_no_name_that_was_set_again(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    secrets.registry.down = True
    await secrets.unset("KEY")
    ((payload,),) = secrets.look("SELECT payload FROM outbox WHERE destination = 'config.release_names'")
    secrets.registry.down = False
    await secrets.set(KEY="2")
    late = config_pb2.ReleaseNamesRequest.FromString(bytes(payload))
    assert late.names[0].name == "KEY"
    await until(secrets.names_at_rest)
    assert secrets.registry.secrets(secrets.app_id) == ["KEY"]
    assert late.names[0].claim_id not in ("", secrets.registry.names[secrets.app_id, "KEY"].claim_id)


async def test_name_claimed_before_claims_had_ids_is_freed(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    secrets.look("DELETE FROM held_names")
    for name in ("KEY", "LOST"):
        secrets.registry.take(secrets.app_id, name, "secret")
    await secrets.unset("KEY")
    assert secrets.registry.secrets(secrets.app_id) == ["LOST"]
    await _fails(secrets.unset("LOST"), grpc.StatusCode.NOT_FOUND)
    assert secrets.registry.secrets(secrets.app_id) == []


async def test_many_set_and_unset_one_name_at_once_and_both_sides_agree(secrets: Secrets) -> None:
    for _ in range(2):
        calls = [
            secrets.set(RACE="x" * number) if number % 2 else secrets.unset("RACE", ignore_missing=True)
            for number in range(12)
        ]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        failed = [each for each in outcomes if isinstance(each, grpc.aio.AioRpcError)]
        assert {each.code() for each in failed} <= {grpc.StatusCode.UNAVAILABLE}
        secrets.look(LEAVE)
        await until(secrets.names_at_rest)
        assert secrets.registry.secrets(secrets.app_id) == sorted(await secrets.values())
        await secrets.unset("RACE", ignore_missing=True)
        await until(secrets.names_at_rest)
        assert secrets.registry.secrets(secrets.app_id) == []


async def test_more_than_an_app_may_have_is_refused_by_config(secrets: Secrets) -> None:
    secrets.registry.most_bytes = 10
    await secrets.set(A="12345")
    await _fails(secrets.set(B="123456"), grpc.StatusCode.RESOURCE_EXHAUSTED)
    await _fails(secrets.set(B="123456", validate_only=True), grpc.StatusCode.RESOURCE_EXHAUSTED)
    await until(secrets.names_at_rest)
    assert await secrets.values() == {"A": "12345"}


async def test_config_that_no_longer_knows_the_app(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    secrets.registry.remove_app()
    await _fails(secrets.set(NEW="x"), grpc.StatusCode.NOT_FOUND)
    secrets.registry.add_app()
    assert "still being cleaned up" in await _fails(secrets.set(NEW="x"), grpc.StatusCode.UNAVAILABLE)
    await secrets.purge()
    await secrets.set(NEW="x")
