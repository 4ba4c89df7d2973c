"""What an app's release is given of shared groups: which versions, whose value wins, and what becomes of its changes.

Leaves out how a group's release reaches apps (test_fan_out.py).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import grpc
import pytest
from paas.releaser.v1 import releaser_pb2

from services.releaser.runtimes.protocol import Written
from tests.fakes.desired_state import SPEC
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stage, spec_of
from tests.integration.releaser.groups.conftest import FAILED, SUCCEEDED, Fleet


def given(release: releaser_pb2.Release) -> Sequence[tuple[str, int, int]]:
    """What a release was given, by group: the versions of config and of secrets, 0 for none."""
    return [(each.group, each.config_version, each.secrets_version) for each in release.groups]


async def test_own_values_win_and_then_those_of_the_group_attached_first(fleet: Fleet) -> None:
    stage = fleet.stage
    other = stage.variables.group(name="common", group_id="g2")
    await stage.end(await stage.set(other, A="other", OWN="other", B="other"), app="common")
    await stage.end(await stage.seal(other, KEY="other", SEALED="other"), app="common")
    app = stage.variables.app(spec_of(), name="mixed", app_id="id-mixed", OWN="own", KEY="plain")
    app.seal(TOKEN="own")
    app.attach(fleet.group, other)
    ended = await stage.release(app)
    runs = {"A": "1", "OWN": "own", "B": "other", "KEY": "plain", "SEALED": "other", "TOKEN": "own"}
    assert stage.runtime.runs(app.key) == runs
    assert sorted(stage.runtime.applied[-1].sealed) == ["SEALED", "TOKEN"]
    assert given(ended) == [("shared", 2, 0), ("common", 3, 1)]


async def test_a_group_that_was_not_released_gives_nothing(quick: Stage) -> None:
    group, app = quick.variables.group(), quick.variables.app(spec_of(), OWN="1")
    group.change(A="never ordered")
    app.attach(group)
    assert given(await quick.release(app)) == [("shared", 0, 0)]
    assert quick.runtime.runs(app.key) == {"OWN": "1"}


async def test_what_is_changed_in_a_group_is_given_with_its_release_alone(fleet: Fleet) -> None:
    """As with an app's own: what was not ordered, or what failed, nobody is given by chance."""
    stage, web = fleet.stage, fleet.apps[1]
    fleet.group.change(A="not ordered")
    assert (await stage.end(await stage.set(web, OWN="1"), app="web")).state == SUCCEEDED
    assert stage.runtime.runs(web.key) == {"A": "1", "OWN": "1"}


async def test_an_own_change_that_fails_takes_back_its_own(fleet: Fleet) -> None:
    stage, web = fleet.stage, fleet.apps[1]
    failed = await stage.end(await stage.set(web, OWN="1", FAIL="1"), app="web")
    assert (failed.state, sorted(failed.reverted_names)) == (FAILED, ["FAIL", "OWN"])
    assert (await stage.end(failed.revert_release, app="web")).state == SUCCEEDED
    assert (stage.runtime.runs(web.key), fleet.group.variables) == ({"A": "1"}, {"A": "1"})


async def test_an_own_change_that_fails_beside_a_group_s_takes_back_each_its_own(fleet: Fleet) -> None:
    stage, web = fleet.stage, fleet.apps[1]
    go_on = fleet.hold_back("web v2")
    await stage.order(web)
    await until(lambda: web.key in stage.runtime.applying)
    number = await fleet.set(A="2")
    await fleet.all_ordered(number)
    own = await stage.set(web, OWN="1", FAIL="1")
    go_on()
    failed = await stage.end(own, app="web")
    assert (failed.state, sorted(failed.reverted_names)) == (FAILED, ["FAIL", "OWN"])
    assert failed.message.endswith("A shared group's change is taken back in the group.")
    of_group = await fleet.end(number)
    assert (of_group.state, list(of_group.reverted_names)) == (FAILED, ["A"])
    assert (await fleet.end(of_group.revert_release)).state == SUCCEEDED
    assert fleet.runs() == [{"A": "1"}] * 3
    assert (web.variables, fleet.group.variables) == ({}, {"A": "1"})


async def test_what_is_taken_back_reaches_an_app_whose_own_change_fails_beside_it(fleet: Fleet) -> None:
    """What takes back fails with the app's own change; the app's next release has it all the same."""
    stage, web = fleet.stage, fleet.apps[1]
    stage.runtime.fail = lambda variables: (
        "FAIL" in variables or (variables["A"], variables["PAAS_APP"]) == ("2", "worker")
    )
    worker_goes_on, web_goes_on = fleet.hold_back("worker v2"), fleet.hold_back("web v3")
    number = await fleet.set(A="2")
    await until(lambda: stage.runtime.runs(web.key)["A"] == "2")
    await stage.order(web)
    await until(lambda: web.key in stage.runtime.applying)
    worker_goes_on()
    revert = (await fleet.end(number)).revert_release
    await fleet.all_ordered(revert)
    own = await stage.set(web, OWN="1", FAIL="1")
    web_goes_on()
    failed = await stage.end(own, app="web")
    assert (failed.state, sorted(failed.reverted_names)) == (FAILED, ["FAIL", "OWN"])
    assert (await fleet.end(revert)).state == FAILED
    assert (await stage.end(failed.revert_release, app="web")).state == SUCCEEDED
    assert fleet.runs() == [{"A": "1"}] * 3


async def test_what_is_given_is_settled_before_it_is_applied(fleet: Fleet) -> None:
    """And stays so, whatever the group has by the time that a release is gone on with."""
    stage, web = fleet.stage, fleet.apps[1]
    stage.runtime.gate = asyncio.Event()
    number = await stage.set(web, OWN="1")
    await until(lambda: web.key in stage.runtime.applying)
    during = await stage.get(number, app="web")
    assert given(during) == [("shared", 2, 0)]
    stage.runtime.gate.set()
    await stage.end(number, app="web")
    await fleet.end(await fleet.set(A="2"))
    assert given(await stage.get(number, app="web")) == [("shared", 2, 0)]


async def test_a_schema_looks_at_all_that_a_program_is_given(fleet: Fleet) -> None:
    stage = fleet.stage
    app = stage.variables.app(replace(spec_of(), schema="A=\n# @sensitive @type=number\nPIN=\n"), name="strict")
    app.attach(fleet.group)
    await fleet.end(await stage.seal(fleet.group, PIN="4"))
    assert (await stage.release(app)).state == SUCCEEDED
    failed = await fleet.end(await stage.seal(fleet.group, PIN="c4n4ry"))
    assert "PIN is not a number" in failed.message
    assert "c4n4ry" not in str(failed.message)
    assert fleet.group.values == {"PIN": "4"}


async def test_going_back_gives_what_groups_have_now(fleet: Fleet) -> None:
    stage, web = fleet.stage, fleet.apps[1]
    await stage.end(await stage.set(web, OWN="1"), app="web")
    await fleet.end(await fleet.set(A="2"))
    back = (await stage.roll_back(1)).release.number
    assert (await stage.end(back, app="web")).state == SUCCEEDED
    assert stage.runtime.runs(web.key) == {"A": "2"}


async def test_a_rotated_secret_of_a_group_overlaps_unless_it_is_the_app_s_own(fleet: Fleet) -> None:
    stage = fleet.stage
    await fleet.end(await stage.seal(fleet.group, KEY="old"))
    own = await fleet.add("own", KEY="mine")
    await fleet.end(await stage.sealed(fleet.group, lambda group: group.rotate("KEY", "new")))
    assert fleet.runs()[:3] == [{"A": "1", "KEY": "new", "KEY_PREVIOUS": "old"}] * 3
    assert (await stage.release(own)).state == SUCCEEDED
    assert stage.runtime.runs(own.key) == {"A": "1", "KEY": "mine"}


async def test_values_of_groups_are_masked(fleet: Fleet) -> None:
    stage, web = fleet.stage, fleet.apps[1]
    await fleet.end(await stage.seal(fleet.group, KEY="s3cr3t-of-shared"))
    stage.runtime.logs.clear()
    stage.runtime.logs[web.key] = [Written(index=1, releases=(2,), lines=("it is s3cr3t-of-shared",))]
    request = releaser_pb2.ReadLogsRequest(app="web")
    lines = [line async for each in stage.users.ReadLogs(request, metadata=stage.me) for line in each.lines]
    assert len(lines) == 1
    assert "s3cr3t" not in lines[0]


async def test_where_a_group_is_gone_nothing_is_shown_that_may_have_its_values(fleet: Fleet) -> None:
    """And a release that had it is not begun with half of its variables."""
    stage, web = fleet.stage, fleet.apps[1]
    for app in fleet.apps:
        app.attach()
    assert (await stage.release(web)).state == SUCCEEDED
    stage.runtime.logs.clear()
    stage.runtime.logs[web.key] = [
        Written(index=1, releases=(1,), lines=("A is 1",)),
        Written(index=1, releases=(2,), lines=("nothing of it",)),
    ]
    stage.variables.destroy(fleet.group)
    request = releaser_pb2.ReadLogsRequest(app="web")
    lines = [line async for each in stage.users.ReadLogs(request, metadata=stage.me) for line in each.lines]
    assert [line == "nothing of it" for line in lines] == [False, True]
    assert lines[0].startswith("(Left out: a shared group was destroyed since")
    web.config.put({SPEC: web.config.at(2)[SPEC]})
    failed = await stage.release(web)
    assert failed.message.startswith("The shared group shared was destroyed, so what this release was given")
    assert stage.runtime.runs(web.key) == {}


async def test_a_group_has_no_instances_and_no_logs(fleet: Fleet, databases: Databases) -> None:
    stage = fleet.stage
    new = stage.variables.group(name="new-group", group_id="g9")
    for name in (fleet.group.name, new.name):
        for call in (
            stage.users.ListInstances(releaser_pb2.ListInstancesRequest(app=name), metadata=stage.me),
            stage.users.ReadLogs(releaser_pb2.ReadLogsRequest(app=name), metadata=stage.me).read(),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call
            assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
            assert f"{name} is a group, which runs nothing. `paas groups:info {name}`" in str(refused.value.details())
    assert len(await stage.instances("web")) == 1
    kept = databases.look("releaser", "SELECT app_id FROM apps WHERE is_group ORDER BY 1")
    assert kept == [("g1",), ("g9",)], "it is asked of config once"


async def test_what_an_app_runs_is_listed_where_config_can_not_say_that_it_is_one(fleet: Fleet) -> None:
    fleet.stage.variables.away.add("config")
    assert len(await fleet.stage.instances("web")) == 1


async def test_going_back_passes_over_a_group_that_was_destroyed_and_says_so(fleet: Fleet) -> None:
    stage, web = fleet.stage, fleet.apps[1]
    for app in fleet.apps:
        app.attach()
    assert (await stage.release(web)).state == SUCCEEDED
    stage.variables.destroy(fleet.group)
    assert list((await stage.roll_back(1, validate_only=True)).gone_groups) == ["shared"]
    for _ in range(2):
        back = await stage.roll_back(1, request_id="the-same-again")
        assert list(back.gone_groups) == ["shared"]
    ended = await stage.end(back.release.number, app="web")
    assert (ended.state, given(ended)) == (SUCCEEDED, [])
