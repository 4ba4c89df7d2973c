"""A shared group's release is one of each app that has it: one first, then the others, and none past one that fails.

The runtime runs nothing. Leaves out what each app is given (test_pins.py), crashes (test_kills.py), and who may see
what (test_shown.py).
"""

import asyncio
from dataclasses import replace

from paas.releaser.v1 import releaser_pb2

from tests.fakes.desired_state import SPEC
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stage, spec_of
from tests.integration.releaser.groups.conftest import FAILED, QUEUED, RUNNING, SUCCEEDED, Fleet, told


async def test_one_app_comes_first_and_then_the_others(fleet: Fleet) -> None:
    stage = fleet.stage
    stage.runtime.gate = asyncio.Event()
    number = await fleet.set(A="2", B="3")
    await until(lambda: stage.runtime.applying)
    assert [key.app_id for key in stage.runtime.applying] == ["id-api"]
    during = await fleet.get(number)
    assert (during.state, during.message) == (RUNNING, ""), "its apps say how far it is, and it does not stand still"
    assert told(during) == [("api", 2, RUNNING), ("web", None, QUEUED), ("worker", None, QUEUED)]
    assert {run["A"] for run in fleet.runs()} == {"1"}
    stage.runtime.gate.set()
    ended = await fleet.end(number)
    assert (ended.state, ended.message) == (SUCCEEDED, "")
    assert told(ended) == [("api", 2, SUCCEEDED), ("web", 2, SUCCEEDED), ("worker", 2, SUCCEEDED)]
    assert fleet.runs() == [{"A": "2", "B": "3"}] * 3
    assert fleet.applied()[3] == "api v2"


async def test_a_release_of_a_member_says_what_it_is_for(fleet: Fleet) -> None:
    number = await fleet.set(A="2")
    await fleet.end(number)
    release = await fleet.stage.get(2, app="web")
    assert (release.description, list(release.changes)) == (f"shared v{number}: Set A", [])
    assert [(each.group, each.config_version) for each in release.groups] == [("shared", 3)]


async def test_a_group_that_no_app_has_is_released_at_once(quick: Stage) -> None:
    fleet = Fleet(quick, quick.variables.group())
    ended = await fleet.end(await fleet.set(A="1"))
    assert (ended.state, told(ended)) == (SUCCEEDED, [])
    assert not quick.runtime.applied


async def test_an_app_that_never_worked_is_no_part_of_it(fleet: Fleet) -> None:
    broken = fleet.stage.variables.app(spec_of(), name="broken", app_id="id-broken", FAIL="1")
    broken.attach(fleet.group)
    assert (await fleet.stage.release(broken)).state == FAILED
    ended = await fleet.end(await fleet.set(A="2"))
    assert (ended.state, [each.app for each in ended.members]) == (SUCCEEDED, ["api", "web", "worker"])


async def test_an_app_with_its_own_value_of_all_that_changed_is_left_alone(fleet: Fleet) -> None:
    mine = await fleet.add("mine", A="own")
    ended = await fleet.end(await fleet.set(A="2"))
    assert [each.app for each in ended.members] == ["api", "web", "worker"]
    ended = await fleet.end(await fleet.set(A="3", B="3"))
    assert [each.app for each in ended.members] == ["api", "mine", "web", "worker"]
    assert fleet.stage.runtime.runs(mine.key) == {"A": "own", "B": "3"}


async def test_a_name_that_is_only_staged_hides_nothing(fleet: Fleet) -> None:
    """The registry knows the name of a secret that is staged; its value is live in the group alone."""
    await fleet.end(await fleet.stage.seal(fleet.group, KEY="1"))
    fleet.apps[1].stage_secrets(KEY="staged")
    ended = await fleet.end(await fleet.stage.seal(fleet.group, KEY="2"))
    assert [each.app for each in ended.members] == ["api", "web", "worker"]
    assert [run["KEY"] for run in fleet.runs()] == ["2", "2", "2"]


async def test_nothing_is_released_further_where_the_first_fails(fleet: Fleet) -> None:
    number = await fleet.set(A="2", FAIL="1")
    failed = await fleet.end(number)
    assert (failed.state, failed.reverted_to) == (FAILED, number - 1)
    assert failed.message == "v2 of api failed: Instance 1 exited with code 1 before it was ready."
    assert sorted(failed.reverted_names) == ["A", "FAIL"]
    assert told(failed)[1:] == [("web", None, 0), ("worker", None, 0)]
    assert fleet.group.variables == {"A": "1"}
    revert = await fleet.end(failed.revert_release)
    assert told(revert) == [("api", 3, SUCCEEDED)], "nobody else was given any of it"
    assert fleet.runs() == [{"A": "1"}] * 3
    of_app = await fleet.stage.get(2, app="api")
    assert of_app.message == (
        "Instance 1 exited with code 1 before it was ready. A shared group's change is taken back in the group."
    )


async def test_where_a_later_one_fails_all_that_had_it_go_back(fleet: Fleet) -> None:
    fleet.stage.runtime.fail = lambda variables: variables["A"] == "2" and variables["PAAS_APP"] == "worker"
    failed = await fleet.end(await fleet.set(A="2"))
    assert (failed.state, failed.message.partition(":")[0]) == (FAILED, "v2 of worker failed")
    assert told(failed)[0] == ("api", 2, SUCCEEDED)
    revert = await fleet.end(failed.revert_release)
    assert revert.state == SUCCEEDED
    assert [each.app for each in revert.members] == ["api", "web", "worker"]
    assert fleet.runs() == [{"A": "1"}] * 3
    assert fleet.group.variables == {"A": "1"}


async def test_what_fails_before_it_is_applied_restarts_nothing(fleet: Fleet) -> None:
    api = fleet.apps[0]
    spec = replace(api.config.live[SPEC], schema="# @type=number\nA=\n")
    api.change(spec=spec)
    assert (await fleet.stage.release(api)).state == SUCCEEDED
    applied = fleet.applied()
    failed = await fleet.end(await fleet.set(A="two"))
    assert failed.message == (
        "v3 of api failed: The app's schema refuses it, so nothing was restarted: A is not a number."
    )
    assert (failed.reverted_to, failed.HasField("revert_release")) == (1, False)
    assert fleet.group.variables == {"A": "1"}
    assert fleet.applied() == applied


async def test_a_group_can_be_restarted_and_goes_back(fleet: Fleet) -> None:
    stage = fleet.stage
    second = await fleet.set(A="2")
    await fleet.end(second)
    restart = (await stage.create(app="shared")).release.number
    assert [each.app for each in (await fleet.end(restart)).members] == ["api", "web", "worker"]
    fleet.group.stage(A="3", C="1")
    draft = (await stage.create(app="shared")).release.number
    assert (await fleet.end(draft)).state == SUCCEEDED
    assert fleet.runs() == [{"A": "3", "C": "1"}] * 3
    back = (await stage.roll_back(second, app="shared")).release.number
    assert (await fleet.end(back)).state == SUCCEEDED
    assert fleet.runs() == [{"A": "2"}] * 3


async def test_two_groups_that_are_released_at_once_share_the_release_of_an_app(fleet: Fleet) -> None:
    stage = fleet.stage
    other = stage.variables.group(name="common", group_id="g2")
    await stage.end(await stage.set(other, B="1"), app="common")
    both = await fleet.add("both", fleet.group, other)
    stage.runtime.gate = asyncio.Event()
    await stage.order(both)
    await until(lambda: stage.runtime.applying)
    first, second = await fleet.set(A="2"), await stage.set(other, B="2")
    stage.runtime.gate.set()
    assert (await fleet.end(first)).state == SUCCEEDED
    assert (await stage.end(second, app="common")).state == SUCCEEDED
    assert stage.runtime.runs(both.key) == {"A": "2", "B": "2"}
    assert fleet.runs()[:3] == [{"A": "2"}] * 3


async def test_an_app_destroyed_meanwhile_holds_up_nothing(fleet: Fleet) -> None:
    stage = fleet.stage
    stage.runtime.gate = asyncio.Event()
    number = await fleet.set(A="2")
    await until(lambda: stage.runtime.applying)
    gone = fleet.apps[0]
    stage.variables.destroy(gone)
    await stage.internal.RemoveApp(releaser_pb2.RemoveAppRequest(tenant=gone.key.tenant, app_id=gone.key.app_id))
    stage.runtime.gate.set()
    ended = await fleet.end(number)
    assert ended.state == SUCCEEDED
    assert [stage.runtime.runs(app.key) for app in fleet.apps[1:]] == [{"A": "2"}] * 2


async def test_an_app_that_does_not_have_it_any_more_by_its_turn_is_left_out(fleet: Fleet) -> None:
    stage = fleet.stage
    stage.runtime.gate = asyncio.Event()
    number = await fleet.set(A="2")
    await until(lambda: stage.runtime.applying)
    web = fleet.apps[1]
    web.attach()
    stage.runtime.gate.set()
    assert [each.app for each in (await fleet.end(number)).members] == ["api", "worker"]
    detached = await stage.release(web)
    assert (detached.state, detached.number) == (SUCCEEDED, 2), "there was none for the group before"
    assert stage.runtime.runs(web.key) == {}


async def test_an_app_that_gets_the_group_meanwhile_gets_what_is_new(fleet: Fleet) -> None:
    """Its first release with the group has what was good then, and the group's goes on to it as well."""
    stage = fleet.stage
    stage.runtime.gate = asyncio.Event()
    number = await fleet.set(A="2")
    await until(lambda: stage.runtime.applying)
    late = stage.variables.app(spec_of(), name="late", app_id="id-late")
    late.attach(fleet.group)
    first = await stage.order(late)
    await until(lambda: late.key in stage.runtime.applying)
    stage.runtime.gate.set()
    assert (await stage.end(first, app="late")).groups[0].config_version == 2
    ended = await fleet.end(number)
    assert "late" in {each.app for each in ended.members}
    assert stage.runtime.runs(late.key) == {"A": "2"}


async def test_an_app_s_own_release_takes_the_group_s_along(fleet: Fleet) -> None:
    """What waits in an app's queue for the group is superseded by the app's own change, which has both."""
    stage, web = fleet.stage, fleet.apps[1]
    go_on = fleet.hold_back("web v2")
    await stage.order(web)
    await until(lambda: web.key in stage.runtime.applying)
    number = await fleet.set(A="2")
    await fleet.all_ordered(number)
    own = await stage.set(web, OWN="1")
    go_on()
    assert (await stage.end(own, app="web")).state == SUCCEEDED
    ended = await fleet.end(number)
    assert ("web", own, SUCCEEDED) in told(ended)
    assert stage.runtime.runs(web.key) == {"A": "2", "OWN": "1"}
