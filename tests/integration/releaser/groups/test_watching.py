"""A group's release as it is watched and listed: what apps have of it by then, and what not everybody may see."""

from paas.releaser.v1 import releaser_pb2

from tests.fixtures.waiting import PATIENCE, until
from tests.integration.releaser.groups.conftest import FAILED, QUEUED, RUNNING, SUCCEEDED, Fleet, told


async def test_who_watches_sees_the_apps_as_they_go(fleet: Fleet) -> None:
    stage = fleet.stage
    api_goes_on, web_goes_on = fleet.hold_back("api v2"), fleet.hold_back("web v2")
    number = await fleet.set(A="2")
    request = releaser_pb2.WatchReleaseRequest(app="shared", number=number)
    seen = []
    async for answer in stage.users.WatchRelease(request, metadata=stage.me, timeout=PATIENCE):
        seen.append(told(answer.release))
        # Each goes on once what it is to be seen in was seen: who watches is told what there is by then.
        if ("api", 2, RUNNING) in seen[-1]:
            api_goes_on()
        if ("api", 2, SUCCEEDED) in seen[-1]:
            web_goes_on()
    first = next(each for each in seen if ("api", 2, RUNNING) in each)
    assert first[1:] == [("web", None, QUEUED), ("worker", None, QUEUED)]
    assert seen[-1] == [("api", 2, SUCCEEDED), ("web", 2, SUCCEEDED), ("worker", 2, SUCCEEDED)]
    states = [{app: state for app, _, state in each} for each in seen if each]
    assert any(each["api"] == SUCCEEDED != each["web"] for each in states), "before the others had it"


async def test_a_token_of_some_apps_sees_those_and_how_many_more_there_are(fleet: Fleet) -> None:
    stage = fleet.stage
    stage.runtime.fail = lambda variables: (variables["A"], variables["PAAS_APP"]) == ("2", "worker")
    failed = await fleet.end(await fleet.set(A="2"))
    limited = stage.signer.user(apps=frozenset({("shared", "g1"), ("web", "id-web")}))
    seen = await stage.get(failed.number, app="shared", me=limited)
    assert [each.app for each in seen.members] == ["web"]
    assert (seen.hidden_members, seen.message) == (2, "A release of an app that you may not see failed.")
    only = stage.signer.user(apps=frozenset({("web", "id-web")}))
    assert (await stage.get(2, me=only)).description == f"shared v{failed.number}"


async def test_a_list_of_releases_leaves_the_apps_out(fleet: Fleet) -> None:
    await fleet.end(await fleet.set(A="2"))
    request = releaser_pb2.ListReleasesRequest(app="shared")
    listed = (await fleet.stage.users.ListReleases(request, metadata=fleet.stage.me)).releases
    assert [len(each.members) for each in listed] == [0, 0]
    of_app = (await fleet.stage.all_releases())[0]
    assert [each.group for each in of_app.groups] == ["shared"]


async def test_a_group_that_is_destroyed_ends_its_release(fleet: Fleet) -> None:
    stage, group = fleet.stage, fleet.group
    go_on = fleet.hold_back("api v2")
    number = await fleet.set(A="2")
    await until(lambda: stage.runtime.applying)
    request = releaser_pb2.RemoveAppRequest(tenant=group.key.tenant, app_id=group.key.app_id)
    watched = releaser_pb2.WatchReleaseRequest(app="shared", number=number)
    answers = aiter(stage.users.WatchRelease(watched, metadata=stage.me, timeout=PATIENCE))
    assert (await anext(answers)).release.state == RUNNING
    await stage.internal.RemoveApp(request)
    ended = [answer.release async for answer in answers][-1]
    assert (ended.state, ended.message) == (FAILED, "The group was destroyed.")
    go_on()
    assert (await stage.end(2, app="api")).state == SUCCEEDED
