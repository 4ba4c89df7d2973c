"""What a failed release takes back: exactly the names it changed, as far as they still stand as it left them.

With config vars and with secrets, set, unset, rotated, imported and moved from one to the other. The runtime runs
nothing; crashes while taking back are in test_crash.py, drafts in test_drafts.py.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from paas.releaser.v1 import releaser_pb2

from paaskit.access import VIEWER
from paaskit.errors import Refused
from services.releaser.domain import Versions
from tests.fakes.desired_state import FakeApp
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stage, spec_of

SUCCEEDED, FAILED, SUPERSEDED = (
    releaser_pb2.STATE_SUCCEEDED,
    releaser_pb2.STATE_FAILED,
    releaser_pb2.STATE_SUPERSEDED,
)


@dataclass(frozen=True)
class Kind:
    """A kind of variables: how they are set and staged, and what is live and staged of them."""

    set: Callable[..., Awaitable[int]]
    stage: Callable[..., None]
    live: Callable[[FakeApp], dict[str, str]]
    staged: Callable[[FakeApp], dict[str, Any]]


VARS = Kind(
    Stage.set, FakeApp.stage, lambda app: app.variables, lambda app: {n: s.entry for n, s in app.config.draft.items()}
)
SECRETS = Kind(
    Stage.seal,
    FakeApp.stage_secrets,
    lambda app: app.values,
    lambda app: {n: s.entry.value for n, s in app.secrets.draft.items()},
)
of_each_kind = pytest.mark.parametrize("kind", [VARS, SECRETS], ids=["vars", "secrets"])


async def app_with(stage: Stage, kind: Kind, **values: str) -> FakeApp:
    """An app with one release, v1, that succeeded with these."""
    app = stage.variables.app(spec_of())
    number = await kind.set(stage, app, **values)
    assert (await stage.end(number)).state == SUCCEEDED
    assert number == 1
    return app


class Rollout:
    """Holds releases back while something else happens."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        stage.runtime.gate = asyncio.Event()

    async def busy(self, app: FakeApp) -> None:
        """Have one under way that changes nothing, so that what is ordered now piles up behind it."""
        await self._stage.order(app)
        await self.begun()

    async def begun(self) -> None:
        """Wait until one is under way."""
        await until(lambda: self._stage.runtime.applying)

    def go_on(self) -> None:
        """Let it and all others go on."""
        assert self._stage.runtime.gate is not None
        self._stage.runtime.gate.set()


@of_each_kind
async def test_a_failed_change_is_taken_back(quick: Stage, kind: Kind) -> None:
    app = await app_with(quick, kind, X="old", SAME="1")
    failed = await quick.end(await kind.set(quick, app, X="bad", FAIL="1", MORE="2"))
    assert (failed.state, failed.reverted_to, failed.revert_release) == (FAILED, 1, 3)
    assert sorted(failed.reverted_names) == ["FAIL", "MORE", "X"]
    assert failed.message == "Instance 1 exited with code 1 before it was ready."
    revert = await quick.end(3)
    assert (revert.state, revert.source_release, revert.description) == (SUCCEEDED, 1, "Revert v2 to v1")
    assert kind.live(app) == {"X": "old", "SAME": "1"}
    assert quick.runtime.runs(app.key) == {"X": "old", "SAME": "1"}
    assert await quick.actions(3) == [("releases.finish", n, outcome) for n, outcome in ((1, 1), (2, 3), (3, 1))]


@of_each_kind
async def test_what_is_staged_meanwhile_stays_staged(quick: Stage, kind: Kind) -> None:
    """Of the failed names, too: the draft is not what is live."""
    app = await app_with(quick, kind, X="old")
    rollout = Rollout(quick)
    number = await kind.set(quick, app, X="new", FAIL="1")
    await rollout.begun()
    kind.stage(app, X="newer", NOTE="hi")
    rollout.go_on()
    failed = await quick.end(number)
    assert sorted(failed.reverted_names) == ["FAIL", "X"]
    assert (await quick.end(failed.revert_release)).state == SUCCEEDED
    assert kind.live(app) == {"X": "old"}
    assert kind.staged(app) == {"X": "newer", "NOTE": "hi"}
    assert quick.runtime.runs(app.key) == {"X": "old"}


@of_each_kind
async def test_a_queued_change_runs_with_the_failed_names_taken_back(quick: Stage, kind: Kind) -> None:
    app = await app_with(quick, kind, X="old")
    rollout = Rollout(quick)
    broken = await kind.set(quick, app, X="bad", FAIL="1")
    await rollout.begun()
    newer = await kind.set(quick, app, Y="1", actor="user:bob@example.com")
    rollout.go_on()
    failed = await quick.end(broken)
    assert (failed.reverted_to, failed.revert_release, sorted(failed.reverted_names)) == (1, newer, ["FAIL", "X"])
    assert (await quick.end(newer)).state == SUCCEEDED
    assert kind.live(app) == {"X": "old", "Y": "1"}
    assert quick.runtime.runs(app.key) == {"X": "old", "Y": "1"}


@of_each_kind
async def test_a_newer_change_of_a_name_stands(quick: Stage, kind: Kind) -> None:
    app = await app_with(quick, kind, X="old")
    rollout = Rollout(quick)
    quick.runtime.fail = lambda variables: variables["X"] == "bad"
    broken = await kind.set(quick, app, X="bad")
    await rollout.begun()
    good = await kind.set(quick, app, X="good")
    rollout.go_on()
    failed = await quick.end(broken)
    assert (failed.HasField("reverted_to"), list(failed.reverted_names)) == (False, [])
    what = "X" if kind is VARS else "a secret"
    assert failed.message.endswith(f"A newer change of {what} stands, so nothing was reverted; v{good} is next.")
    assert (await quick.end(good)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == kind.live(app) == {"X": "good"}


@of_each_kind
async def test_only_what_still_stands_is_taken_back(quick: Stage, kind: Kind) -> None:
    app = await app_with(quick, kind, X="old")
    rollout = Rollout(quick)
    broken = await kind.set(quick, app, X="bad", FAIL="1", OTHER="1")
    await rollout.begun()
    good = await kind.set(quick, app, X="good")
    rollout.go_on()
    failed = await quick.end(broken)
    assert sorted(failed.reverted_names) == ["FAIL", "OTHER"]
    assert failed.message.endswith(f"A newer change of {'X' if kind is VARS else 'a secret'} stands.")
    assert (await quick.end(good)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == {"X": "good"}


@of_each_kind
async def test_a_pile_that_fails_is_taken_back_whole(quick: Stage, kind: Kind) -> None:
    """A release fails with what it superseded: none of it ever ran well."""
    app = await app_with(quick, kind, X="old")
    rollout = Rollout(quick)
    running = await kind.set(quick, app, FIRST="1")
    await rollout.begun()
    numbers = [await kind.set(quick, app, **change) for change in ({"X": "bad"}, {"FAIL": "1"}, {"Y": "2"})]
    rollout.go_on()
    failed = await quick.end(numbers[-1])
    assert sorted(failed.reverted_names) == ["FAIL", "X", "Y"]
    assert (failed.reverted_to, [change.name for change in failed.changes]) == (running, ["Y"])
    superseded = await quick.get(numbers[0])
    assert (superseded.state, superseded.superseded_by) == (SUPERSEDED, numbers[-1])
    assert [change.name for change in superseded.changes] == ["X"], "each keeps what it was for"
    assert (await quick.end(failed.revert_release)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == {"X": "old", "FIRST": "1"}


async def test_an_unset_is_taken_back(quick: Stage) -> None:
    app = await app_with(quick, VARS, X="old", Y="1")
    quick.runtime.fail = lambda variables: "X" not in variables
    failed = await quick.end(await quick.unset(app, "X"))
    assert list(failed.reverted_names) == ["X"]
    assert (await quick.end(failed.revert_release)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == app.variables == {"X": "old", "Y": "1"}


async def test_an_unset_of_a_secret_is_taken_back(quick: Stage) -> None:
    """Its name has to be claimed again in config, and the release needs the version that has it."""
    app = await app_with(quick, SECRETS, X="old", Y="1")
    quick.runtime.fail = lambda variables: "X" not in variables
    failed = await quick.end(await quick.sealed(app, lambda app: app.unseal("X")))
    assert list(failed.reverted_names) == ["X"]
    assert (await quick.end(failed.revert_release)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == app.values == {"X": "old", "Y": "1"}


async def test_a_rotation_is_taken_back_with_its_overlap(quick: Stage) -> None:
    app = await app_with(quick, SECRETS, X="old")
    quick.runtime.fail = lambda variables: variables["X"] == "rotated"
    failed = await quick.end(await quick.sealed(app, lambda app: app.rotate("X", "rotated")))
    assert quick.runtime.failed[0].variables["X_PREVIOUS"].reveal() == "old"
    assert list(failed.reverted_names) == ["X"]
    assert (await quick.end(failed.revert_release)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == {"X": "old"}


async def test_a_newer_value_of_a_rotated_secret_stands(quick: Stage) -> None:
    app = await app_with(quick, SECRETS, X="old")
    rollout = Rollout(quick)
    quick.runtime.fail = lambda variables: variables["X"] == "rotated"
    broken = await quick.sealed(app, lambda app: app.rotate("X", "rotated"))
    await rollout.begun()
    newer = await quick.sealed(app, lambda app: app.rotate("X", "newest"))
    rollout.go_on()
    assert not (await quick.end(broken)).HasField("reverted_to")
    assert (await quick.end(newer)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == {"X": "newest", "X_PREVIOUS": "rotated"}


@pytest.mark.parametrize("back", [False, True])
async def test_a_name_that_moved_between_config_and_secrets_moves_back(quick: Stage, back: bool) -> None:
    app = await app_with(quick, SECRETS if back else VARS, X="old", Y="1")
    rollout = Rollout(quick)
    quick.runtime.fail = lambda variables: variables.get("X") != "old"
    await rollout.busy(app)
    if back:
        await quick.sealed(app, lambda app: app.unseal("X"))
        broken = await quick.set(app, X="plain")
    else:
        await quick.unset(app, "X")
        broken = await quick.seal(app, X="sealed")
    rollout.go_on()
    failed = await quick.end(broken)
    assert set(failed.reverted_names) == {"X"}
    assert (await quick.end(failed.revert_release)).state == SUCCEEDED
    assert (app.values if back else app.variables) == quick.runtime.runs(app.key) == {"X": "old", "Y": "1"}


async def test_the_spec_is_taken_back(quick: Stage) -> None:
    app = await app_with(quick, VARS, X="old")
    app.change(spec=spec_of(instances=5))
    quick.runtime.fail = lambda variables: app.config.live[""].instances == 5
    failed = await quick.end(await quick.order(app))
    assert (failed.reverted_to, list(failed.reverted_names), failed.instances_total) == (1, [], 5)
    assert (await quick.end(failed.revert_release)).instances_total == 1


async def test_a_change_of_both_is_taken_back_in_both(quick: Stage) -> None:
    app = await app_with(quick, SECRETS, KEY="good")
    await quick.end(await quick.set(app, COLOUR="blue"))
    rollout = Rollout(quick)
    await rollout.busy(app)
    await quick.set(app, COLOUR="red", FAIL="1")
    broken = await quick.seal(app, KEY="bad", EXTRA="x")
    rollout.go_on()
    failed = await quick.end(broken)
    assert sorted(failed.reverted_names) == ["COLOUR", "EXTRA", "FAIL", "KEY"]
    await quick.end(failed.revert_release)
    assert quick.runtime.runs(app.key) == {"COLOUR": "blue", "KEY": "good"}


async def test_a_first_release_has_nothing_to_go_back_to(quick: Stage) -> None:
    app = quick.variables.app(spec_of())
    failed = await quick.end(await quick.set(app, FAIL="1"))
    assert failed.message.endswith("No earlier release succeeded, so there is nothing to revert to.")
    assert not failed.HasField("reverted_to")
    assert not failed.HasField("revert_release")
    assert "revert_config" not in quick.variables.calls


async def test_a_failed_restart_takes_nothing_back(quick: Stage) -> None:
    app = await app_with(quick, VARS, X="old")
    quick.runtime.fail = lambda _: True
    failed = await quick.end((await quick.create()).release.number)
    assert failed.message.endswith("It has the same variables as v1, so nothing was reverted.")
    assert "revert_config" not in quick.variables.calls
    assert app.variables == {"X": "old"}


async def test_a_revert_that_fails_is_not_reverted_again(quick: Stage) -> None:
    app = await app_with(quick, VARS, X="old")
    quick.runtime.fail = lambda _: True
    failed = await quick.end(await quick.set(app, X="bad"))
    revert = await quick.end(failed.revert_release)
    assert revert.state == FAILED
    assert revert.message.endswith("It was a revert itself, so nothing more was reverted.")
    assert quick.runtime.runs(app.key) == {"X": "old"}, "a failing release never takes the app down"
    quick.runtime.fail = lambda _: False
    assert (await quick.end(await quick.set(app, Y="1"))).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == {"X": "old", "Y": "1"}


async def test_taking_back_waits_for_a_service_that_is_away(quick: Stage) -> None:
    app = await app_with(quick, SECRETS, KEY="good")
    rollout = Rollout(quick)
    number = await quick.seal(app, KEY="bad", FAIL="1")
    await rollout.begun()
    quick.variables.away.add("secrets")
    rollout.go_on()
    watching = asyncio.create_task(quick.watch(number))
    await until(lambda: "revert_secrets" in quick.variables.calls)
    await asyncio.sleep(0.3)
    assert not watching.done(), "a watch goes on until it is known what becomes of the change"
    assert not (await quick.get(number)).HasField("reverted_to")
    quick.variables.away.clear()
    failed = (await watching)[-1]
    assert (failed.reverted_to, sorted(failed.reverted_names)) == (1, ["FAIL", "KEY"])
    assert (await quick.end(failed.revert_release)).state == SUCCEEDED


async def test_what_one_service_refuses_does_not_keep_the_other_from_taking_back(quick: Stage) -> None:
    app = await app_with(quick, SECRETS, KEY="good")
    rollout = Rollout(quick)
    await rollout.busy(app)
    quick.variables.refusals["revert_secrets"] = Refused("KEY has gone.", reason="KEY_LOST")
    await quick.set(app, FAIL="1")
    broken = await quick.seal(app, KEY="bad")
    rollout.go_on()
    failed = await quick.end(broken)
    assert list(failed.reverted_names) == ["FAIL"]
    assert failed.message.endswith("A newer change of a secret stands. Not all of it could be taken back (KEY_LOST).")
    assert (await quick.end(failed.revert_release)).state == SUCCEEDED


async def test_names_of_secrets_are_told_to_who_may_list_them(quick: Stage) -> None:
    app = await app_with(quick, SECRETS, HUSH="good")
    rollout = Rollout(quick)
    await rollout.busy(app)
    await quick.set(app, FAIL="1")
    broken = await quick.seal(app, HUSH="bad", HUSH_TOO="1")
    rollout.go_on()
    await quick.end(broken)
    narrow = quick.signer.user(permissions=VIEWER - {"secrets.list"})
    seen = await quick.get(broken, me=narrow)
    assert (list(seen.reverted_names), list(seen.changes), seen.hidden_changes) == (["FAIL"], [], 2)
    assert seen.description == "A change"
    everything = await quick.get(broken, me=quick.signer.user(permissions=VIEWER))
    assert sorted(everything.reverted_names) == ["FAIL", "HUSH", "HUSH_TOO"]
    assert [change.name for change in everything.changes] == ["HUSH_TOO", "HUSH"]
    assert everything.hidden_changes == 0
    for number in range(1, broken + 2):
        told = await quick.get(number, me=narrow)
        assert b"HUSH" not in told.SerializeToString()


async def test_a_release_has_what_it_was_ordered_with(quick: Stage) -> None:
    """Whatever changed between the order and the start, in config as in secrets."""
    app = await app_with(quick, SECRETS, KEY="one")
    rollout = Rollout(quick)
    quick.variables.hold["desired_state"] = asyncio.Event()
    number = await quick.seal(app, KEY="two")
    await until(lambda: quick.variables.calls.count("desired_state") == 2)
    app.seal(KEY="three")
    app.change(LATE="1")
    quick.variables.hold.pop("desired_state").set()
    rollout.go_on()
    ended = await quick.end(number)
    assert (ended.config_version, ended.secrets_version) == (2, 2)
    assert quick.runtime.runs(app.key) == {"KEY": "two"}
    newest = await quick.end(await quick.order(app, versions=Versions()))
    assert (newest.config_version, newest.secrets_version) == (2, 2), "an order without versions has what was ordered"
    assert quick.runtime.runs(app.key) == {"KEY": "two"}
