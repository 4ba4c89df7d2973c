"""Managed variables: attached once, sealed by secrets, and nothing left over wherever an attaching breaks off.

The fake secrets refuses, is away, is slow, or does what it is asked and loses its answer.
"""

import asyncio
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2

from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.config.conftest import House

URL = "postgres://user:canary-password@db/web"


async def test_attached_is_listed_last_sealed_elsewhere_and_released(house: House, databases: Databases) -> None:
    app = await house.app()
    change = await house.attach(URL)
    assert [(each.name, each.action) for each in change.changes] == [("DATABASE_URL", config_pb2.ACTION_ADDED)]
    assert change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    order = house.releaser.orders[-1]
    assert (order.config_version, order.secrets_version) == (change.version, 1)
    assert order.description == "Attach DATABASE_URL"
    await house.set(A="1")
    assert list((await house.vars()).items()) == [("A", "1"), ("DATABASE_URL", "postgres://...")]
    assert list((await house.state(app, change.version)).sealed_names) == ["DATABASE_URL"]
    assert house.secrets.stored[app.app_id, "DATABASE_URL"][0] == URL
    for (table,) in databases.look("config", "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        statement = f"SELECT count(*) FROM {table} t WHERE position('canary' in t::text) > 0"  # noqa: S608  # our tables
        assert databases.look("config", statement) == [(0,)]
    await until(lambda: house.events("addons.attach") != [])
    (event,) = house.events("addons.attach")
    assert (event.actor, event.app_id, list(event.targets)) == ("service:provisioner", app.app_id, ["DATABASE_URL"])


async def test_nobody_else_may_set_stage_or_attach_it(house: House) -> None:
    await house.app()
    await house.attach(URL)
    for call in (
        house.set(DATABASE_URL="mine"),
        house.set(DATABASE_URL="mine", stage=True),
        house.unset("DATABASE_URL"),
        house.attach(URL, addon="mysql"),
        house.detach(addon="mysql"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert await house.vars() == {"DATABASE_URL": "postgres://..."}


@pytest.mark.parametrize("held", ["live", "staged", "secret"])
async def test_a_name_that_is_something_else_is_refused_before_secrets_is_asked(house: House, held: str) -> None:
    app = await house.app()
    if held == "secret":
        await house.claim(app, "DATABASE_URL")
    else:
        await house.set(DATABASE_URL="mine", stage=held == "staged")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.attach(URL)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert house.secrets.asked == 0


async def test_the_same_value_again_is_no_change_and_another_is(house: House) -> None:
    app = await house.app()
    first = await house.attach(URL)
    same = await house.attach(URL)
    assert (same.version, same.release_status) == (first.version, config_pb2.RELEASE_STATUS_NONE)
    other = await house.attach(URL + "2")
    assert [(each.name, each.action) for each in other.changes] == [("DATABASE_URL", config_pb2.ACTION_CHANGED)]
    assert (other.version, house.releaser.orders[-1].secrets_version) == (first.version + 1, 2)
    await house.detach()
    assert house.secrets.stored == {}
    assert app.app_id not in [key[0] for key in house.secrets.stored]


async def test_equal_requests_at_once_attach_once_and_get_equal_answers(house: House) -> None:
    await house.app()
    changes = await asyncio.gather(*(house.attach(URL, request_id="request-1") for _ in range(20)))
    assert len({change.SerializeToString() for change in changes}) == 1
    assert len(house.releaser.orders) == 1
    assert await house.attach(URL, request_id="request-1") == changes[0]


async def test_the_same_request_id_with_anything_different_is_refused(house: House) -> None:
    await house.app()
    first = await house.attach(URL, request_id="request-1")
    for other in (
        {"value": URL + "2"},
        {"value": URL, "display": "other..."},
        {"value": URL, "name": "OTHER_URL"},
        {"value": URL, "addon": "mysql"},
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.attach(**other, request_id="request-1")
        assert refused.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)
    assert next(iter(house.secrets.stored.values()))[0] == URL
    assert await house.attach(URL, request_id="request-1") == first


async def test_a_refused_attaching_leaves_neither_a_row_nor_a_name(house: House, databases: Databases) -> None:
    await house.app()
    house.secrets.refuses = True
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.attach(URL)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert _under_way(databases) == 0
    await house.set(DATABASE_URL="mine")
    assert len(house.releaser.orders) == 1


async def test_a_refused_new_value_leaves_the_former(house: House, databases: Databases) -> None:
    app = await house.app()
    await house.attach(URL)
    house.secrets.refuses = True
    with pytest.raises(grpc.aio.AioRpcError):
        await house.attach(URL + "2")
    assert await house.vars() == {"DATABASE_URL": "postgres://..."}
    assert house.secrets.stored[app.app_id, "DATABASE_URL"][0] == URL
    house.secrets.refuses = False
    await house.detach()
    assert (house.secrets.stored, _under_way(databases)) == ({}, 0)


@pytest.mark.parametrize("trouble", ["down", "forgets_to_answer"])
async def test_secrets_away_and_the_same_request_again_completes_it(
    house: House, databases: Databases, trouble: str
) -> None:
    app = await house.app()
    setattr(house.secrets, trouble, True)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.attach(URL, request_id="request-1")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert house.releaser.orders == []
    setattr(house.secrets, trouble, False)
    change = await house.attach(URL, request_id="request-1")
    assert change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    assert house.secrets.stored[app.app_id, "DATABASE_URL"][0] == URL
    assert _under_way(databases) == 0


async def test_a_new_value_whose_answer_was_lost_is_released_with_the_same_request(house: House) -> None:
    """It has it already, and says the second time that nothing changed."""
    await house.app()
    await house.attach(URL)
    house.secrets.forgets_to_answer = True
    with pytest.raises(grpc.aio.AioRpcError):
        await house.attach(URL + "2", request_id="request-1")
    house.secrets.forgets_to_answer = False
    change = await house.attach(URL + "2", request_id="request-1")
    assert change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    assert house.releaser.orders[-1].secrets_version == 2


async def test_what_nobody_comes_back_for_is_settled(house: House, databases: Databases) -> None:
    app = await house.app()
    house.secrets.forgets_to_answer = True
    with pytest.raises(grpc.aio.AioRpcError):
        await house.attach(URL)
    assert house.secrets.stored != {}
    with pytest.raises(grpc.aio.AioRpcError) as busy:
        await house.attach(URL)
    assert busy.value.code() is grpc.StatusCode.UNAVAILABLE
    _age(databases)
    await until(lambda: _under_way(databases) == 0)
    await until(lambda: house.secrets.stored == {})
    assert await house.vars() == {}
    await until(lambda: house.events("addons.attach") != [])
    (event,) = house.events("addons.attach")
    assert (event.actor, event.outcome, event.app_id) == ("service:config", 3, app.app_id)
    await house.set(DATABASE_URL="mine")


async def test_a_left_new_value_of_an_attached_variable_stays_and_goes_when_detached(
    house: House, databases: Databases
) -> None:
    app = await house.app()
    await house.attach(URL)
    house.secrets.forgets_to_answer = True
    with pytest.raises(grpc.aio.AioRpcError):
        await house.attach(URL + "2")
    house.secrets.forgets_to_answer = False
    _age(databases)
    await until(lambda: _under_way(databases) == 0)
    assert house.secrets.stored[app.app_id, "DATABASE_URL"][0] == URL + "2"
    await house.detach()
    assert house.secrets.stored == {}


async def test_one_that_was_settled_while_secrets_was_slow_leaves_nothing(house: House, databases: Databases) -> None:
    await house.app()
    house.secrets.waits = asyncio.Event()
    attaching = asyncio.create_task(house.attach(URL))
    await until(lambda: house.secrets.asked == 1)
    _age(databases)
    await until(lambda: _under_way(databases) == 0)
    house.secrets.waits.set()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await attaching
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    await until(lambda: house.secrets.stored == {})
    await house.set(DATABASE_URL="mine")


async def test_a_slow_secrets_holds_up_nobody(house: House) -> None:
    """Nothing is locked, and no connection held, while it is waited for."""
    await house.app()
    house.secrets.waits = asyncio.Event()
    attaching = [asyncio.create_task(house.attach(URL, name=f"URL{index}")) for index in range(16)]
    await until(lambda: house.secrets.asked == 16)
    await house.set(A="1")
    house.secrets.waits.set()
    await asyncio.gather(*attaching)
    assert len(await house.vars()) == 17


async def test_detaching_while_a_new_value_is_under_way_leaves_nothing(house: House) -> None:
    await house.app()
    await house.attach(URL)
    house.secrets.waits = asyncio.Event()
    attaching = asyncio.create_task(house.attach(URL + "2"))
    await until(lambda: house.secrets.asked == 2)
    await house.detach()
    house.secrets.waits.set()
    with pytest.raises(grpc.aio.AioRpcError):
        await attaching
    await until(lambda: house.secrets.stored == {})
    assert await house.vars() == {}


async def test_detached_is_gone_and_its_name_free(house: House, databases: Databases) -> None:
    app = await house.app()
    attached = await house.attach(URL)
    change = await house.detach(request_id="request-1")
    assert change.version == attached.version + 1
    assert await house.detach(request_id="request-1") == change
    assert (await house.detach()).release_status == config_pb2.RELEASE_STATUS_NONE
    assert house.secrets.stored == {}
    assert list((await house.state(app, change.version)).sealed_names) == []
    await house.set(DATABASE_URL="now mine")
    await until(lambda: _untold(databases) == 0)


async def test_secrets_away_while_detaching_is_told_later(house: House, databases: Databases) -> None:
    await house.app()
    await house.attach(URL)
    house.secrets.down = True
    await house.detach()
    assert _untold(databases) == 1
    assert house.secrets.stored != {}
    house.secrets.down = False
    await until(lambda: house.secrets.stored == {})
    await until(lambda: _untold(databases) == 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"display": URL},
        {"display": ""},
        {"display": "a\nb"},
        {"addon": ""},
        {"addon": "x" * 65},
        {"addon": "a b"},
        {"addon": "-x"},
        {"name": "PATH"},
    ],
    ids=[
        "value shown",
        "no display",
        "line break",
        "no add-on",
        "long add-on",
        "add-on of two words",
        "add-on that is an option",
        "reserved",
    ],
)
async def test_what_is_wrong_is_named_without_the_value(house: House, wrong: dict[str, Any]) -> None:
    await house.app()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.attach(URL, **wrong)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "canary" not in str(refused.value)


def _under_way(databases: Databases) -> int:
    return int(databases.look("config", "SELECT count(*) FROM attachments")[0][0])


def _untold(databases: Databases) -> int:
    statement = "SELECT count(*) FROM outbox WHERE destination = 'secrets.delete_managed'"
    return int(databases.look("config", statement)[0][0])


def _age(databases: Databases) -> None:
    databases.look("config", "UPDATE attachments SET touched_at = touched_at - interval '61 seconds'")
