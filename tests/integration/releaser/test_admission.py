"""A release whose variables are not as the app's schema says: refused before anything is applied, and taken back.

Config vars and secrets; the runtime runs nothing. Leaves out what a schema may say (tests/unit/env_schema).
"""

import asyncio
from dataclasses import replace

import pytest
from paas.releaser.v1 import releaser_pb2

from paaskit.access import VIEWER
from tests.fakes.desired_state import SPEC, FakeApp
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stage, spec_of

SUCCEEDED, FAILED = releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED
SCHEMA = (
    "# @defaultRequired\n# ---\n# @type=enum(debug, info)\nLOG_LEVEL=\nWORKERS=\n"
    "# @sensitive @type=number\nPIN=\n# @type=port\nPORT=\nREGION=eu\n"
)
CANARY = "c4n4ry"


@pytest.fixture
async def app(quick: Stage) -> FakeApp:
    """An app whose v1 is as its schema says."""
    app = quick.variables.app(replace(spec_of(), schema=SCHEMA))
    app.seal(PIN="4")
    app.change(LOG_LEVEL="info", WORKERS="2")
    assert (await quick.end(await quick.order(app))).state == SUCCEEDED
    return app


async def test_a_value_of_another_type_is_refused_and_taken_back(quick: Stage, app: FakeApp) -> None:
    applied = len(quick.runtime.applied)
    failed = await quick.end(await quick.set(app, LOG_LEVEL=CANARY, WORKERS=""))
    assert (failed.state, failed.reverted_to) == (FAILED, 1)
    assert failed.message == (
        "The app's schema refuses it, so nothing was restarted: LOG_LEVEL is not one of debug, info; WORKERS is empty."
    )
    assert sorted(failed.reverted_names) == ["LOG_LEVEL", "WORKERS"]
    assert failed.instances_updated == 0
    assert not failed.HasField("revert_release"), "v1 runs still, so nothing is released for it"
    assert (len(quick.runtime.applied), quick.runtime.failed) == (applied, [])
    assert app.variables == {"LOG_LEVEL": "info", "WORKERS": "2"}


async def test_what_comes_after_a_refused_release_has_none_of_it(quick: Stage, app: FakeApp) -> None:
    refused = await quick.set(app, WORKERS="")
    await quick.end(refused)
    number = await quick.set(app, LOG_LEVEL="debug")
    assert ((await quick.end(number)).state, number) == (SUCCEEDED, refused + 1)
    assert quick.runtime.runs(app.key) == {"LOG_LEVEL": "debug", "WORKERS": "2", "PIN": "4"}


async def test_what_another_release_has_left_is_put_right(quick: Stage, app: FakeApp) -> None:
    """Instances of one that failed may be there still, where the release that would end them was not begun."""
    quick.runtime.gate = asyncio.Event()
    failing = await quick.set(app, FAIL="1")
    await until(lambda: quick.runtime.applying)
    refused = await quick.set(app, WORKERS="")
    quick.runtime.gate.set()
    assert (await quick.end(failing)).revert_release == refused, "which is queued behind it"
    ended = await quick.end(refused)
    assert (ended.state, ended.HasField("revert_release")) == (FAILED, True)
    assert (await quick.end(ended.revert_release)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == {"LOG_LEVEL": "info", "WORKERS": "2", "PIN": "4"}


async def test_a_name_that_is_missing_is_refused(quick: Stage, app: FakeApp) -> None:
    """One with a default is not missing, and the platform gives PORT."""
    failed = await quick.end(await quick.unset(app, "WORKERS"))
    assert failed.message == "The app's schema refuses it, so nothing was restarted: WORKERS is not set."
    assert app.variables == {"LOG_LEVEL": "info", "WORKERS": "2"}


async def test_a_secret_of_another_type_is_refused_without_its_value(quick: Stage, app: FakeApp) -> None:
    failed = await quick.end(await quick.seal(app, PIN=CANARY))
    assert failed.message == "The app's schema refuses it, so nothing was restarted: PIN is not a number."
    assert app.values["PIN"] == "4"
    seen = await quick.get(failed.number, me=quick.signer.user(permissions=VIEWER))
    assert CANARY not in seen.message + seen.description


async def test_a_schema_that_the_app_is_not_as_is_taken_back(quick: Stage, app: FakeApp) -> None:
    app.config.put({SPEC: replace(spec_of(), schema=f"{SCHEMA}# @required\nMORE=\n")})
    failed = await quick.end(await quick.order(app))
    assert (failed.state, failed.message.endswith(": MORE is not set.")) == (FAILED, True)
    assert app.config.live[SPEC].schema == SCHEMA


async def test_what_is_sensitive_is_no_config_var(quick: Stage) -> None:
    app = quick.variables.app(replace(spec_of(), schema="# @sensitive\nKEY=\n"))
    failed = await quick.end(await quick.set(app, KEY=CANARY))
    assert failed.message == (
        "The app's schema refuses it, so nothing was restarted: KEY is @sensitive, and not a secret but a config var. "
        "No earlier release succeeded, so there is nothing to revert to."
    )
    assert not quick.runtime.applied


async def test_much_that_is_wrong_is_counted_and_what_can_not_be_read_refused(quick: Stage) -> None:
    required = "".join(f"A{number}=\n" for number in range(12))
    app = quick.variables.app(replace(spec_of(), schema=f"# @defaultRequired\n# ---\n{required}"))
    failed = await quick.end(await quick.order(app))
    assert "A0 is not set; " in failed.message
    assert "A7 is not set; 4 more are wrong." in failed.message
    app.config.put({SPEC: replace(spec_of(), schema="A\n")})
    failed = await quick.end(await quick.order(app))
    assert "The app's schema can't be read, so nothing was restarted. Line 1 is neither" in failed.message
