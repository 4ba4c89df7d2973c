"""Rotating a secret: fresh or given values, and the old one injected as well for as long as was asked for."""

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from paas.secrets.v1 import secrets_pb2

from tests.fixtures.waiting import until
from tests.integration.secrets.conftest import Secrets

END = (
    "UPDATE overlap_ends SET due = now() - interval '1 second'",
    "UPDATE sealed SET previous_until = now() - interval '1 second' WHERE previous IS NOT NULL",
)


async def test_rotate_takes_a_given_value_and_formats(secrets: Secrets) -> None:
    await secrets.set(KEY="old")
    await secrets.rotate(value="given")
    assert await secrets.reveal() == "given"
    await secrets.rotate()
    assert len(await secrets.reveal()) == 44
    await secrets.rotate(random=secrets_pb2.RandomValue(length=20, format=secrets_pb2.RANDOM_FORMAT_HEX))
    assert len(bytes.fromhex(await secrets.reveal())) == 20
    await secrets.rotate(random=secrets_pb2.RandomValue(length=50, format=secrets_pb2.RANDOM_FORMAT_ALNUM))
    assert len(await secrets.reveal()) == 50
    nothing = secrets_pb2.RotateSecretRequest(request_id="a-request-id", app="web", name="KEY")
    for wrong in (
        secrets.users.RotateSecret(nothing, metadata=secrets.me),
        secrets.rotate(random=secrets_pb2.RandomValue(length=15)),
        secrets.rotate("GONE", value="x"),
    ):
        with pytest.raises(grpc.aio.AioRpcError):
            await wrong


async def test_old_value_is_injected_until_the_overlap_is_over(secrets: Secrets) -> None:
    await secrets.set(KEY="old")
    change = await secrets.rotate(value="new", hours=1)
    assert await secrets.resolve(change.version, "KEY") == {"KEY": "new", "KEY_PREVIOUS": "old"}
    assert await secrets.resolve(change.version - 1, "KEY") == {"KEY": "old"}
    assert secrets.registry.secrets(secrets.app_id) == ["KEY", "KEY_PREVIOUS"]
    assert (await secrets.listed()).secrets[0].HasField("previous_until")
    for statement in END:
        secrets.look(statement)
    await until(lambda: secrets.releaser.orders[-1].description == "End the overlap of KEY")
    order = secrets.releaser.orders[-1]
    assert not order.HasField("secrets_version"), "what the app has by then is released"
    assert not order.HasField("config_version")
    assert await secrets.resolve(change.version, "KEY") == {"KEY": "new"}
    ever = {"KEY": "new", "KEY_PREVIOUS": "old"}
    assert await secrets.resolve(change.version, "KEY", with_ended=True) == ever, "what an instance may have written"
    assert not (await secrets.listed()).secrets[0].HasField("previous_until")
    await until(lambda: secrets.registry.secrets(secrets.app_id) == ["KEY"])
    events = [event for event in await secrets.events() if event.action == "secrets.overlap_end"]
    assert [(list(event.targets), event.app_id) for event in events] == [(["KEY_PREVIOUS"], secrets.app_id)]


async def test_overlap_needs_its_name_to_be_free(secrets: Secrets) -> None:
    await secrets.set(KEY="1", KEY_PREVIOUS="mine", OTHER="1")
    for stage in (False, True):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await secrets.rotate(value="2", hours=1, stage=stage)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    secrets.registry.take(secrets.app_id, "OTHER_PREVIOUS")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.rotate("OTHER", value="2", hours=1)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert await secrets.values() == {"KEY": "1", "KEY_PREVIOUS": "mine", "OTHER": "1"}
    await secrets.rotate("OTHER", value="2")


async def test_name_of_an_old_value_is_nobodys_to_set(secrets: Secrets) -> None:
    await secrets.set(KEY="1", OTHER="1")
    await secrets.rotate(value="2", hours=1)
    await secrets.rotate("OTHER", value="2", hours=1, stage=True)
    for name in ("KEY_PREVIOUS", "OTHER_PREVIOUS"):
        for fields in ({}, {"stage": True}, {"validate_only": True}):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await secrets.set(**{name: "mine"}, **fields)
            assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert (await secrets.values())["KEY_PREVIOUS"] == "1"


@pytest.mark.parametrize("seconds", [-1, 30 * 86400 + 1, 10**9])
async def test_overlap_has_a_limit(secrets: Secrets, seconds: int) -> None:
    await secrets.set(KEY="1")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.rotate(value="2", overlap=Duration(seconds=seconds))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert await secrets.values() == {"KEY": "1"}


async def test_another_value_goes_on_with_the_overlap_and_another_rotation_ends_it(secrets: Secrets) -> None:
    await secrets.set(KEY="1")
    await secrets.rotate(value="2", hours=1)
    await secrets.set(KEY="3")
    assert await secrets.values() == {"KEY": "3", "KEY_PREVIOUS": "1"}
    await secrets.rotate(value="4", hours=1)
    assert await secrets.values() == {"KEY": "4", "KEY_PREVIOUS": "3"}
    await secrets.rotate(value="5")
    assert await secrets.values() == {"KEY": "5"}
    assert secrets.registry.secrets(secrets.app_id) == ["KEY"]
    await secrets.rotate(value="6", hours=1)
    await secrets.unset("KEY")
    assert await secrets.values() == {}
    assert secrets.registry.secrets(secrets.app_id) == []
    assert secrets.look("SELECT count(*) FROM overlap_ends") == [(0,)]
