"""Values that add-ons manage: sealed like secrets, injected like secrets, and no user's to read or change."""

import grpc
import pytest

from tests.integration.secrets.conftest import Secrets

URL = "postgres://user:password@db/web"


async def test_value_is_injected_and_nobodys_to_read_or_change(secrets: Secrets) -> None:
    answer = await secrets.attach(URL)
    assert (answer.changed, answer.version) == (True, 1)
    assert await secrets.resolve(1, "DATABASE_URL") == {"DATABASE_URL": URL}
    assert list((await secrets.listed()).secrets) == []
    calls = [
        secrets.set(DATABASE_URL="mine"),
        secrets.set(DATABASE_URL="mine", stage=True),
        secrets.set(DATABASE_URL="mine", validate_only=True),
        secrets.rotate("DATABASE_URL", value="mine"),
        secrets.rotate("DATABASE_URL", value="mine", stage=True),
        secrets.unset("DATABASE_URL"),
        secrets.unset("DATABASE_URL", stage=True),
        secrets.unset("DATABASE_URL", validate_only=True),
        secrets.reveal("DATABASE_URL"),
    ]
    for call in calls:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "managed" in str(refused.value.details())
    assert await secrets.resolve(1, "DATABASE_URL") == {"DATABASE_URL": URL}


async def test_only_the_last_attaching_is_detached(secrets: Secrets) -> None:
    await secrets.attach(URL, attachment_id="a1")
    answer = await secrets.attach(URL, attachment_id="a2")
    assert (answer.changed, answer.version) == (False, 1)
    await secrets.detach("a1")
    assert await secrets.resolve(1, "DATABASE_URL") == {"DATABASE_URL": URL}
    answer = await secrets.attach(URL + "2", attachment_id="a3")
    assert (answer.changed, answer.version) == (True, 2)
    for late in ("a1", "a2", ""):
        await secrets.detach(late)
    assert await secrets.resolve(2, "DATABASE_URL") == {"DATABASE_URL": URL + "2"}
    for _ in range(2):
        await secrets.detach("a3")
    assert await secrets.resolve(3, "DATABASE_URL") == {}
    assert await secrets.resolve(2, "DATABASE_URL") == {"DATABASE_URL": URL + "2"}, "a release that has it goes on"


async def test_value_from_before_attachings_had_ids_is_detached_without_one(secrets: Secrets) -> None:
    await secrets.attach(URL, attachment_id="a1")
    secrets.look("UPDATE sealed SET attachment_id = ''")
    await secrets.detach("")
    assert await secrets.resolve(2, "DATABASE_URL") == {}


async def test_name_of_a_secret_is_refused(secrets: Secrets) -> None:
    await secrets.set(KEY="1", LIVE="1")
    await secrets.set(STAGED="1", stage=True)
    await secrets.rotate("KEY", value="2", hours=1)
    for name in ("LIVE", "STAGED", "KEY_PREVIOUS"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await secrets.attach(URL, name=name)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    await secrets.detach("", name="LIVE")
    assert (await secrets.values())["LIVE"] == "1"


async def test_one_attaching_has_one_value(secrets: Secrets) -> None:
    """Config can't tell that a repeated request has another value: it must not keep a digest of one."""
    await secrets.attach(URL, attachment_id="a1")
    assert not (await secrets.attach(URL, attachment_id="a1")).changed
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.attach(URL + "2", attachment_id="a1")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert await secrets.resolve(1, "DATABASE_URL") == {"DATABASE_URL": URL}
