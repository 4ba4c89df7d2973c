"""Request ids of secrets: the same id means the same effect and answer, and anything different is refused.

Covers what makes a request of secrets another one, many at once, and keys that have a successor. Leaves out what
requests of all services have in common (tests/unit/paaskit).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id
from tests.integration.secrets.conftest import Secrets

Call = Callable[..., Awaitable[Any]]


def _variants(secrets: Secrets) -> dict[str, list[Call]]:
    """For each method, calls of which each means something different."""
    hex_value = secrets_pb2.RandomValue(format=secrets_pb2.RANDOM_FORMAT_HEX)
    return {
        "set": [
            lambda **more: secrets.set(A="one", **more),
            lambda **more: secrets.set(A="two", **more),
            lambda **more: secrets.set(B="one", **more),
            lambda **more: secrets.set(A="one", B="x", **more),
            lambda **more: secrets.set(A="one", stage=True, **more),
            lambda **more: secrets.set(A="one", app="other", **more),
            lambda **more: secrets.rotate("KEY", **more),
        ],
        "rotate": [
            lambda **more: secrets.rotate("KEY", value="one", **more),
            lambda **more: secrets.rotate("KEY", value="two", **more),
            lambda **more: secrets.rotate("KEY", value="one", hours=1, **more),
            lambda **more: secrets.rotate("KEY", value="one", stage=True, **more),
            lambda **more: secrets.rotate("OTHER", value="one", **more),
            lambda **more: secrets.rotate("KEY", **more),
            lambda **more: secrets.rotate("KEY", random=hex_value, **more),
            lambda **more: secrets.rotate("KEY", random=secrets_pb2.RandomValue(length=20), **more),
        ],
        "unset": [
            lambda **more: secrets.unset("KEY", **more),
            lambda **more: secrets.unset("OTHER", **more),
            lambda **more: secrets.unset("KEY", ignore_missing=True, **more),
            lambda **more: secrets.unset("KEY", stage=True, **more),
            lambda **more: secrets.discard("KEY", **more),
        ],
    }


@pytest.mark.parametrize("method", ["set", "rotate", "unset"])
async def test_same_id_with_anything_different_is_refused(secrets: Secrets, method: str) -> None:
    secrets.registry.add_app("other")
    await secrets.set(KEY="1", OTHER="2")
    await secrets.set(KEY="1", app="other")
    calls = _variants(secrets)[method]
    request_id = random_id()
    first = await calls[0](request_id=request_id)
    state = await secrets.values()
    for call in calls[1:]:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(request_id=request_id)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "already used" in str(refused.value.details())
    assert await calls[0](request_id=request_id) == first
    assert await secrets.values() == state


async def test_twenty_equal_requests_at_once_are_one_effect_and_twenty_answers(secrets: Secrets) -> None:
    request_id = random_id()
    answers = await asyncio.gather(*(secrets.set(A="1", B="2", request_id=request_id) for _ in range(20)))
    assert {answer.SerializeToString(deterministic=True) for answer in answers} == {
        answers[0].SerializeToString(deterministic=True)
    }
    assert (answers[0].version, answers[0].release) == (1, 1)
    assert len(secrets.releaser.orders) == 1
    assert [event.action for event in await secrets.events()] == ["secrets.set"]
    assert secrets.registry.secrets(secrets.app_id) == ["A", "B"]


async def test_twenty_different_requests_of_one_id_at_once_are_one_effect(secrets: Secrets) -> None:
    request_id = random_id()
    calls = (secrets.set(A=f"value {number}", request_id=request_id) for number in range(20))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    errors = [each for each in outcomes if isinstance(each, grpc.aio.AioRpcError)]
    assert len(errors) == 19
    assert {each.code() for each in errors} == {grpc.StatusCode.INVALID_ARGUMENT}
    assert len(secrets.releaser.orders) == 1


async def test_repeated_answer_needs_neither_config_nor_the_state_it_was_made_in(secrets: Secrets) -> None:
    request_id = random_id()
    first = await secrets.set(NEW="x", request_id=request_id)
    await secrets.unset("NEW")
    secrets.registry.down = True
    assert await secrets.set(NEW="x", request_id=request_id) == first
    secrets.registry.down = False
    assert await secrets.values() == {}
    assert secrets.registry.secrets(secrets.app_id) == []


async def test_another_credential_and_another_app_of_the_name_have_their_own_ids(secrets: Secrets) -> None:
    request_id = random_id()
    await secrets.set(A="1", request_id=request_id)
    other_token = secrets.signer.user(token_id="t2")
    await secrets.set(A="2", request_id=request_id, me=other_token)
    assert await secrets.values() == {"A": "2"}
    secrets.registry.remove_app()
    await secrets.purge()
    secrets.app_id = secrets.registry.add_app()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.set(A="1", request_id=request_id)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_fingerprints_in_the_database_are_no_digests_of_values(secrets: Secrets) -> None:
    await secrets.set(A="1")
    other = secrets.registry.add_app("other")
    await secrets.set(A="1", app="other")
    globex = secrets.signer.user(tenant="globex")
    secrets.registry.add_app(tenant="globex")
    await secrets.set(A="1", me=globex)
    prints = [row[0].rpartition(":")[2] for row in secrets.look("SELECT fingerprint FROM requests ORDER BY created_at")]
    assert prints[0] == prints[1]
    assert prints[0] != prints[2], "another tenant's key makes another fingerprint of the same value"
    assert other
