"""When a failed release's change is not taken back, or only after a second thought. The plain revert is in
test_releases.py, crashes while reverting are in test_crash.py.
"""

import asyncio

import pytest
from paas.releaser.v1 import releaser_pb2

from tests.fakes.desired_state import FakeApp
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stage, spec_of

SUCCEEDED, FAILED = releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED


@pytest.fixture
async def app(stage: Stage) -> FakeApp:
    """An app with one release that succeeded, with a var and a secret."""
    app = stage.variables.app(spec_of(), COLOUR="blue")
    app.seal(KEY="good")
    assert (await stage.release(app)).state == SUCCEEDED
    return app


async def fail(stage: Stage, app: FakeApp) -> releaser_pb2.Release:
    """Release what is newest and return how it fails."""
    failed = await stage.release(app)
    assert failed.state == FAILED
    return failed


async def test_a_first_release_has_nothing_to_go_back_to(stage: Stage) -> None:
    failed = await fail(stage, stage.variables.app(spec_of(), CRASH="1"))
    assert failed.message.endswith("No earlier release succeeded, so there is nothing to revert to.")
    assert (failed.reverted_to, failed.revert_release) == (0, 0)
    assert "restore_config" not in stage.variables.calls


async def test_a_failed_restart_changes_nothing_and_leaves_the_instances(stage: Stage, app: FakeApp) -> None:
    (before,) = await stage.instances()
    command = ("/no/such/program",)
    app.config[-1] = type(app.config[-1])(spec_of(command=command), app.config[-1].variables, app.config[-1].sealed)
    failed = await fail(stage, app)
    assert failed.message.endswith("It has the same variables as v1, so nothing was reverted.")
    assert list(await stage.instances()) == [before]
    assert "restore_config" not in stage.variables.calls


async def test_a_newer_release_that_waits_goes_first(stage: Stage, app: FakeApp) -> None:
    app.change(CRASH="1", SLOW="0")
    before = stage.variables.calls.count("desired_state")
    stage.variables.hold["desired_state"] = asyncio.Event()
    broken = await stage.order(app)
    await until(lambda: stage.variables.calls.count("desired_state") > before)
    newest = app.config[-1]
    stage.variables.hold.pop("desired_state").set()
    app.config.append(type(newest)(newest.spec, {"COLOUR": "green"}, newest.sealed))
    newer = await stage.order(app)
    failed = await stage.end(broken)
    assert (await stage.end(newer)).state == SUCCEEDED
    # Which of the two was read first is a matter of milliseconds; a failure must name the newer one either way.
    if failed.state == FAILED:
        assert failed.message.endswith(f"A newer change is waiting, so nothing was reverted; v{newer} is next.")
    assert (await stage.environments_now())[0]["COLOUR"] == "green"


async def test_a_newer_staged_change_of_config_is_not_lost(stage: Stage, app: FakeApp) -> None:
    app.change(CRASH="1")
    stage.variables.hold["restore_config"] = asyncio.Event()
    number = await stage.order(app)
    await until(lambda: "restore_config" in stage.variables.calls)
    app.change(COLOUR="staged")
    stage.variables.hold["restore_config"].set()
    failed = await stage.end(number)
    assert failed.message.endswith("A newer change is waiting, so nothing was reverted.")
    assert (failed.reverted_to, failed.revert_release, list(failed.reverted_names)) == (0, 0, [])
    assert app.config[-1].variables["COLOUR"] == "staged"


async def test_config_is_put_back_where_secrets_has_a_newer_change(stage: Stage, app: FakeApp) -> None:
    app.change(CRASH="1")
    app.seal(KEY="bad")
    stage.variables.hold["restore_secrets"] = asyncio.Event()
    number = await stage.order(app)
    await until(lambda: "restore_secrets" in stage.variables.calls)
    assert "CRASH" not in app.config[-1].variables
    app.seal(KEY="newer")
    stage.variables.hold["restore_secrets"].set()
    failed = await stage.end(number)
    assert failed.message.endswith("A newer change is waiting, so nothing was reverted.")
    assert failed.reverted_to == 0
    assert app.config[-1].variables["CRASH"] == "1", "both or neither"
    assert app.secrets[-1]["KEY"] == "newer"


async def test_a_revert_that_fails_is_not_reverted_again(stage: Stage, app: FakeApp) -> None:
    app.change(CRASH="1")
    stage.variables.hold["restore_config"] = asyncio.Event()
    number = await stage.order(app)
    await until(lambda: "restore_config" in stage.variables.calls)
    good = app.config[1]
    app.config[1] = type(good)(good.spec, good.variables | {"CRASH": "1"}, good.sealed)  # broken by the world
    stage.variables.hold["restore_config"].set()
    failed = await stage.end(number)
    revert = await stage.end(failed.revert_release)
    assert revert.state == FAILED
    assert revert.message.endswith("It was a revert itself, so nothing more was reverted.")
    (instance,) = await stage.instances()
    assert instance.release == 1, "a failing release never takes the app down"


async def test_a_revert_waits_for_a_service_that_is_away(stage: Stage, app: FakeApp) -> None:
    app.change(CRASH="1")
    app.seal(KEY="bad")
    stage.variables.hold["restore_config"] = asyncio.Event()
    number = await stage.order(app)
    await until(lambda: "restore_config" in stage.variables.calls)
    stage.variables.away.add("secrets")
    stage.variables.hold.pop("restore_config").set()
    watching = asyncio.create_task(stage.watch(number))
    await asyncio.sleep(0.8)
    assert not watching.done(), "a watch goes on until it is known what becomes of the change"
    stage.variables.away.clear()
    failed = (await watching)[-1]
    assert failed.reverted_to == 1
    assert sorted(failed.reverted_names) == ["CRASH", "KEY"]
    assert (await stage.end(failed.revert_release)).state == SUCCEEDED
