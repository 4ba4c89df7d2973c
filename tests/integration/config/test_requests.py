"""Request ids of config: the same id has one effect and one answer, and nothing else can be had for it.

Covers everything that changes the effect of a request, equal requests at once, whose id it is, and for how long an
answer is kept. What the write path does by itself is tested with paaskit.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from tests.fixtures.postgres import Databases
from tests.integration.config.conftest import House

_SET: dict[str, Any] = {"A": "1"}


@pytest.mark.parametrize(
    "other",
    [{"A": "2"}, {"A": "1", "B": "1"}, {"B": "1"}, {"A": "1", "stage": True}, {"A": "1", "etag": "x.1.0"}],
    ids=["value", "more", "name", "stage", "etag"],
)
async def test_the_same_id_with_anything_different_is_refused(house: House, other: dict[str, Any]) -> None:
    await house.app()
    first = await house.set(**_SET, request_id="request-1")
    await _reused(house.set(**other, request_id="request-1"))
    await _reused(house.unset("A", request_id="request-1"))
    assert await house.set(**_SET, request_id="request-1") == first
    assert (await house.listed()).version == first.version


@pytest.mark.parametrize("other", [{"ignore_missing": True}, {"stage": True}, {"etag": "x.1.0"}])
async def test_the_same_holds_for_unsetting(house: House, other: dict[str, Any]) -> None:
    await house.app()
    await house.set(A="1")
    first = await house.unset("A", request_id="request-1")
    await _reused(house.unset("A", request_id="request-1", **other))
    assert await house.unset("A", request_id="request-1") == first


async def test_the_same_holds_for_another_spec(house: House) -> None:
    await house.app()
    request = config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=config_pb2.AppSpec(image="web:1"))
    first = await house.config.UpdateApp(request, metadata=house.me)
    assert await house.config.UpdateApp(request, metadata=house.me) == first
    request.spec.image = "web:2"
    await _reused(house.config.UpdateApp(request, metadata=house.me))


async def test_the_same_holds_for_another_app_and_for_a_namesake(house: House) -> None:
    await house.app()
    await house.app("other")
    await house.set(**_SET, request_id="request-1")
    await _reused(house.set("other", **_SET, request_id="request-1"))
    await house.config.DestroyApp(config_pb2.DestroyAppRequest(request_id=random_id(), app="web"), metadata=house.me)
    await house.app()
    await _reused(house.set(**_SET, request_id="request-1"))
    assert await house.vars() == {}


async def test_a_dry_run_uses_no_id_up(house: House) -> None:
    await house.app()
    await house.set(A="2", request_id="request-1", validate_only=True)
    await house.set(**_SET, request_id="request-1")
    assert await house.vars() == {"A": "1"}


@pytest.mark.parametrize(
    "someone",
    [{"token_id": "t2"}, {"token_id": "t2", "subject": "user:bob@example.com"}],
    ids=["token of the same name", "somebody else"],
)
async def test_an_id_is_its_credentials_own(house: House, someone: dict[str, Any]) -> None:
    await house.app()
    first = await house.set(A="1", request_id="request-1")
    second = await house.set(A="2", request_id="request-1", me=house.signer.user(**someone))
    assert second.version == first.version + 1
    assert await house.vars() == {"A": "2"}


async def test_tenants_have_ids_of_their_own(house: House) -> None:
    rival = house.signer.user(tenant="rival")
    await house.app()
    await house.app(me=rival)
    await house.set(A="1", request_id="request-1")
    await house.set(A="2", request_id="request-1", me=rival)
    assert await house.vars() == {"A": "1"}


@pytest.mark.parametrize(
    "ask",
    [
        lambda house: house.set(A="1", request_id="request-1"),
        lambda house: house.set(A="1", stage=True, request_id="request-1"),
        lambda house: house.unset("OLD", request_id="request-1"),
    ],
    ids=["set", "stage", "unset"],
)
async def test_twenty_equal_requests_at_once_get_equal_answers(house: House, ask: Callable[[House], Any]) -> None:
    await house.app()
    before = await house.set(OLD="1")
    changes = await asyncio.gather(*(ask(house) for _ in range(20)))
    assert len({change.SerializeToString() for change in changes}) == 1
    assert (await house.listed()).version <= before.version + 1
    assert len(house.releaser.orders) <= 2


async def test_an_answer_is_kept_for_a_day(house: House, databases: Databases) -> None:
    await house.app()
    first = await house.set(A="1", request_id="request-1")
    databases.look("config", "UPDATE requests SET created_at = created_at - interval '23 hours'")
    for index in range(200):  # now and then one of them drops what has expired
        await house.set(OTHER=str(index))
    assert await house.set(A="1", request_id="request-1") == first
    kept = databases.look("config", "SELECT count(*) FROM requests WHERE request_id = 'request-1'")
    assert kept == [(1,)]


async def _reused(call: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "already used" in str(refused.value.details())
