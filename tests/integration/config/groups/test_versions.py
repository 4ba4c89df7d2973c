"""Groups of an app in drafts and in earlier versions: staged, released, gone back to, and taken back.

Leaves out what releaser makes of it, and the release of a group as one of each app that has it.
"""

import grpc
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from tests.fixtures.waiting import until
from tests.integration.config.conftest import House
from tests.integration.config.groups.conftest import Groups, refusal


async def test_a_staged_group_is_attached_when_the_draft_is_released(house: House, groups: Groups) -> None:
    app, group = await house.app(), await groups.make(A="1")
    attached = await groups.attach(stage=True)
    assert [each.name for each in attached.change.changes] == ["A"]
    assert attached.change.release_status == config_pb2.RELEASE_STATUS_STAGED
    assert (await groups.groups_of(), await groups.given(), await groups.uses(group)) == ([], {}, {})
    shown = await house.config.GetApp(config_pb2.GetAppRequest(app="web"), metadata=house.me)
    assert list(shown.staged_spec.spec.groups) == ["shared"]
    await until(lambda: house.events("apps.stage") != [])
    assert list(house.events("apps.stage")[0].targets) == ["shared"]
    released = await groups.release_draft(app.app_id)
    assert (released.version, released.spec.staged_by) == (2, "user:ada@example.com")
    assert (await groups.groups_of(), await groups.uses(group)) == (["shared"], {"web": []})


async def test_a_draft_is_built_upon_what_is_staged(house: House, groups: Groups) -> None:
    app = await house.app()
    for name in ("one", "two"):
        await groups.make(name)
        await groups.attach(name, stage=True)
    spec = config_pb2.AppSpec(image="web:2")
    request = config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=spec, stage=True)
    await house.config.UpdateApp(request, metadata=house.me)
    await groups.detach("one", stage=True)
    await groups.release_draft(app.app_id)
    shown = await house.config.GetApp(config_pb2.GetAppRequest(app="web"), metadata=house.me)
    assert (shown.app.spec.image, list(shown.app.spec.groups)) == ("web:2", ["two"])
    assert not shown.HasField("staged_spec")


async def test_what_is_staged_and_taken_back_leaves_no_draft(house: House, groups: Groups) -> None:
    await house.app()
    group = await groups.make(A="1")
    await groups.attach(stage=True)
    await groups.detach(stage=True)
    shown = await house.config.GetApp(config_pb2.GetAppRequest(app="web"), metadata=house.me)
    assert not shown.HasField("staged_spec")
    await groups.attach()
    await groups.detach(stage=True)
    assert await groups.uses(group) == {"web": []}, "live until the draft is released"
    assert (await refusal(house.unset("A", app="shared")))[1] == "GROUP_NAME_IN_USE"


async def test_a_draft_of_a_group_is_released_as_any_other(house: House, groups: Groups) -> None:
    await house.app()
    group = await groups.make(A="1")
    await groups.attach()
    await house.set("shared", A="2", B="3", stage=True)
    assert await groups.given() == {"shared": {"A": "1"}}
    assert await house.staged("shared") == {"A": "2", "B": "3"}
    released = await groups.release_draft(group.group_id, "shared")
    assert released.version == 3
    assert await groups.given() == {"shared": {"A": "2", "B": "3"}}


async def test_going_back_brings_the_groups_of_then(house: House, groups: Groups) -> None:
    app, group = await house.app(), await groups.make(A="1")
    await groups.attach()
    await groups.detach()
    for version, expected in ((2, ["shared"]), (1, []), (2, ["shared"])):
        went = await groups.restore(app.app_id, version)
        assert (went.spec_changed, list(went.gone_groups)) == (True, [])
        assert await groups.groups_of() == expected
        assert list(await groups.uses(group)) == ["web"] * len(expected)


async def test_a_group_out_of_sight_does_not_come_back(house: House, groups: Groups) -> None:
    app, group = await house.app(), await groups.make(A="1")
    attached = (await groups.attach()).change.version
    before = (await groups.detach()).change.version
    limited = house.signer.user(apps=frozenset({("web", app.app_id)}), subject="token:ci")
    for validate_only in (True, False):
        code, reason, sentence = await refusal(
            groups.restore(app.app_id, attached, me=limited, validate_only=validate_only)
        )
        assert (code, reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
        assert "shared" not in sentence
    assert await groups.groups_of() == []
    both = house.signer.user(apps=frozenset({("web", app.app_id), ("shared", group.group_id)}))
    assert (await groups.restore(app.app_id, attached, me=both)).spec_changed
    assert await groups.groups_of() == ["shared"], "the control: whoever sees it goes back"
    assert (await groups.restore(app.app_id, before, me=limited)).spec_changed
    assert await groups.groups_of() == [], "what was attached since goes"


async def test_a_group_that_is_gone_is_passed_over_and_named(house: House, groups: Groups) -> None:
    app = await house.app()
    await groups.make("stays")
    await groups.make("goes")
    await groups.attach("stays")
    then = (await groups.attach("goes")).change.version
    await groups.detach("goes")
    await groups.detach("stays")
    await groups.destroy("goes")
    assert [each.name for each in (await house.state(app, then)).groups] == ["stays"]
    for validate_only in (True, False):
        went = await groups.restore(app.app_id, then, validate_only=validate_only)
        assert (went.spec_changed, list(went.gone_groups)) == (True, ["goes"])
    assert await groups.groups_of() == ["stays"]
    again = await groups.restore(app.app_id, then)
    assert (again.spec_changed, list(again.gone_groups)) == (False, ["goes"])


async def test_going_back_is_refused_where_the_groups_of_then_collide_now(house: House, groups: Groups) -> None:
    app = await house.app()
    for name in ("one", "two"):
        await groups.make(name)
        await groups.attach(name)
    await groups.detach("two")
    await house.set("one", A="1")
    await house.set("two", A="2")
    code, reason, _ = await refusal(groups.restore(app.app_id, 3))
    assert (code, reason) == (grpc.StatusCode.FAILED_PRECONDITION, "GROUP_NAME_COLLIDES")
    assert await groups.groups_of() == ["one"]


async def test_a_failed_attaching_is_taken_back_and_a_failed_detaching_too(house: House, groups: Groups) -> None:
    app, group = await house.app(), await groups.make(A="1")
    await groups.attach()
    went = await groups.revert(app.app_id, 1, 2)
    assert (went.spec_changed, await groups.groups_of(), await groups.uses(group)) == (True, [], {})
    await groups.attach()
    await groups.detach()
    went = await groups.revert(app.app_id, 4, 5)
    assert (went.spec_changed, await groups.groups_of()) == (True, ["shared"])


async def test_a_failed_detaching_of_what_is_destroyed_leaves_it_detached(house: House, groups: Groups) -> None:
    app = await house.app()
    await groups.make(A="1")
    await groups.attach()
    await groups.detach()
    await groups.destroy()
    went = await groups.revert(app.app_id, 2, 3)
    assert (went.spec_changed, went.version) == (False, 3)
    assert await groups.groups_of() == []


async def test_undoing_and_going_back_take_names_from_those_who_have_them(house: House, groups: Groups) -> None:
    """What a release of a group brought and broke must go, though every app that has the group has it by then."""
    await house.app()
    group = await groups.make(A="1")
    await groups.attach()
    await house.set("shared", BROKEN="1")
    went = await groups.revert(group.group_id, 2, 3)
    assert [each.name for each in went.changes] == ["BROKEN"]
    await house.set("shared", LATER="1")
    went_back = await groups.restore(group.group_id, 2)
    assert [each.name for each in went_back.changes] == ["LATER"]
    assert await groups.given() == {"shared": {"A": "1"}}


async def test_going_back_in_a_group_collides_as_setting_does(house: House, groups: Groups) -> None:
    await house.app()
    shared = await groups.make("shared", A="1")
    await house.unset("A", app="shared")
    await groups.make("billing", A="2")
    for name in ("shared", "billing"):
        await groups.attach(name)
    assert (await refusal(groups.restore(shared.group_id, 2)))[1] == "GROUP_NAME_COLLIDES"


async def test_of_two_groups_with_one_name_the_first_gives_it(house: House, groups: Groups) -> None:
    """An undo may bring a name back that another group got meanwhile: what an app has is told all the same."""
    await house.app()
    shared = await groups.make("shared", A="first")
    await house.unset("A", app="shared")
    await groups.make("billing", A="second")
    for name in ("shared", "billing"):
        await groups.attach(name)
    await groups.revert(shared.group_id, 2, 3)
    assert await groups.given() == {"shared": {"A": "first"}, "billing": {}}
    assert [each.name for each in (await groups.detach("billing", validate_only=True)).change.changes] == []
