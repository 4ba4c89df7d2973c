"""Names as secrets claims them: all or none, never two things, freed by nobody but the claim that holds them."""

import asyncio

import grpc
import pytest

from tests.fixtures.postgres import Databases
from tests.integration.config.conftest import House


async def test_a_claimed_name_is_no_config_var(house: House) -> None:
    app = await house.app()
    claimed = await house.claim(app, "KEY")
    assert claimed.version == 2
    assert await house.vars() == {}
    for call in (house.set(KEY="1"), house.set(KEY="1", stage=True), house.unset("KEY")):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "paas secrets:unset KEY" in str(refused.value.details())
    assert list((await house.state(app, 2)).sealed_names) == ["KEY"]


async def test_claims_are_all_or_none_unless_taken_ones_may_be_passed_over(house: House) -> None:
    app = await house.app()
    await house.set(PLAIN="1")
    await house.set(STAGED="1", stage=True)
    for names in (("NEW", "PLAIN"), ("NEW", "STAGED")):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.claim(app, *names)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert names[1] in str(refused.value.details())
        with pytest.raises(grpc.aio.AioRpcError):
            await house.claim(app, *names, validate_only=True)
    checked = await house.claim(app, "NEW", "PLAIN", "STAGED", skip_taken=True, validate_only=True)
    assert (checked.HasField("version"), list(checked.taken)) == (False, ["PLAIN", "STAGED"])
    await house.set(NEW="free still")
    claimed = await house.claim(app, "OTHER", "PLAIN", "STAGED", skip_taken=True)
    assert list(claimed.taken) == ["PLAIN", "STAGED"]
    assert list((await house.state(app, claimed.version)).sealed_names) == ["OTHER"]


async def test_a_late_message_frees_nothing_that_was_claimed_again(house: House, databases: Databases) -> None:
    app = await house.app()
    await house.claim(app, "KEY", claim_id="first")
    again = await house.claim(app, "KEY", claim_id="second")
    assert again.version == 2
    await house.give_up(app, "KEY", claim_id="first")
    await house.give_up(app, "KEY", claim_id="")
    assert databases.look("config", "SELECT claims FROM vars WHERE valid_to IS NULL") == [(["second"],)]
    await house.give_up(app, "KEY", claim_id="second")
    await house.give_up(app, "KEY", claim_id="second")
    await house.set(KEY="mine")
    await house.give_up(app, "KEY", claim_id="second")
    assert await house.vars() == {"KEY": "mine"}


async def test_a_name_from_before_claims_had_ids_is_given_up_without_one(house: House, databases: Databases) -> None:
    app = await house.app()
    await house.claim(app, "KEY")
    databases.look("config", "UPDATE vars SET claims = '{}'")
    await house.give_up(app, "KEY", claim_id="other")
    with pytest.raises(grpc.aio.AioRpcError):
        await house.set(KEY="1")
    await house.give_up(app, "KEY", claim_id="")
    await house.set(KEY="1")


async def test_names_of_a_destroyed_app_are_given_up_without_a_word(house: House) -> None:
    app = await house.app()
    app.app_id = "0" * 32
    await house.give_up(app, "KEY")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.claim(app, "KEY")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_race_for_one_name_has_one_winner(house: House, databases: Databases) -> None:
    app = await house.app()
    for index in range(10):
        name = f"RACE{index}"
        results = await asyncio.gather(
            house.set(**{name: "plain"}),
            house.claim(app, name),
            house.attach("x://y", name=name),
            return_exceptions=True,
        )
        assert sum(isinstance(result, Exception) for result in results) == 2
        rows = databases.look("config", "SELECT count(*) FROM vars WHERE name = %s AND valid_to IS NULL", (name,))
        assert rows == [(1,)]
