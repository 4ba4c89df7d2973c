"""Attaching a group to an app and detaching it: what the app is given then, what is released, and who may.

Leaves out what keeps two groups of an app apart (test_names.py), drafts and going back (test_versions.py).
"""

import grpc
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from tests.fixtures.waiting import until
from tests.integration.config.conftest import House
from tests.integration.config.groups.conftest import Groups, refusal


async def test_an_app_is_given_the_names_of_its_group(house: House, groups: Groups) -> None:
    app, group = await house.app(), await groups.make(SENTRY="s", REGION="eu")
    await house.set(OWN="1")
    await groups.claim(group, "KEY")
    attached = await groups.attach()
    assert [(each.name, each.action) for each in attached.change.changes] == [
        ("KEY", config_pb2.ACTION_ADDED),
        ("REGION", config_pb2.ACTION_ADDED),
        ("SENTRY", config_pb2.ACTION_ADDED),
    ]
    assert (attached.change.version, attached.change.release_status, attached.hidden_changes) == (
        3,
        config_pb2.RELEASE_STATUS_QUEUED,
        0,
    )
    assert await house.vars() == {"OWN": "1"}, "what is listed as the app's own stays its own"
    assert await groups.given() == {"shared": {"SENTRY": "s", "REGION": "eu"}}
    state = await house.state(app, 3)
    assert [(each.group_id, each.name) for each in state.groups] == [(group.group_id, "shared")]
    assert (list(state.spec.groups), state.is_group) == (["shared"], False)
    assert list((await house.state(app, 2)).groups) == [], "which groups an app has is part of its version"
    order = house.releaser.orders[-1]
    assert (order.app, order.config_version, order.description) == ("web", 3, "Attach the group shared")
    assert [(each.name, each.secret) for each in order.changes] == [("", False)], "its spec, and no name of its own"
    await until(lambda: house.events("groups.attach") != [])
    (event,) = house.events("groups.attach")
    assert (event.app_id, list(event.targets), event.version) == (app.app_id, ["shared"], 3)


async def test_its_own_value_wins_name_by_name(house: House, groups: Groups) -> None:
    await house.app()
    group = await groups.make(A="group's", B="group's")
    await house.set(A="own")
    assert [each.name for each in (await groups.attach()).change.changes] == ["B"]
    (given,) = (await house.listed()).groups
    assert ([each.name for each in given.vars], list(given.own_names), given.hidden) == (["B"], ["A"], False)
    assert await groups.uses(group) == {"web": ["A"]}
    await house.unset("A")
    assert await groups.given() == {"shared": {"A": "group's", "B": "group's"}}
    assert await groups.uses(group) == {"web": []}


async def test_an_app_without_groups_is_listed_as_ever(house: House, groups: Groups) -> None:
    app = await house.app()
    changed = await house.set(A="1")
    assert list((await house.listed()).groups) == []
    state = await house.state(app, changed.version)
    assert (list(state.groups), state.is_group, list(state.spec.groups)) == ([], False, [])


async def test_detaching_takes_the_names_away(house: House, groups: Groups) -> None:
    await house.app()
    group = await groups.make(A="1", B="2")
    await house.set(B="own")
    await groups.attach()
    detached = await groups.detach()
    assert [(each.name, each.action) for each in detached.change.changes] == [("A", config_pb2.ACTION_REMOVED)]
    assert (await groups.given(), await groups.groups_of(), await groups.uses(group)) == ({}, [], {})
    assert house.releaser.orders[-1].description == "Detach the group shared"
    assert (await refusal(groups.detach()))[:2] == (grpc.StatusCode.NOT_FOUND, "GROUP_NOT_ATTACHED")


async def test_attaching_again_changes_nothing_and_an_equal_request_is_answered_again(
    house: House, groups: Groups
) -> None:
    await house.app()
    await groups.make(A="1")
    request_id = random_id()
    first, second = [await groups.attach(request_id=request_id) for _ in range(2)]
    assert first == second
    again = await groups.attach()
    assert (again.change.version, again.change.release_status) == (2, config_pb2.RELEASE_STATUS_NONE)
    assert len(house.releaser.orders) == 2, "the group's own release and the app's"
    code, _, _ = await refusal(groups.attach(group="other", request_id=request_id))
    assert code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)


async def test_looking_first_changes_nothing(house: House, groups: Groups) -> None:
    await house.app()
    await groups.make(A="1")
    seen = await groups.attach(validate_only=True)
    assert ([each.name for each in seen.change.changes], seen.change.version) == (["A"], 1)
    assert await groups.groups_of() == []
    await groups.attach()
    seen_off = await groups.detach(validate_only=True)
    assert [each.name for each in seen_off.change.changes] == ["A"]
    assert await groups.groups_of() == ["shared"]


async def test_groups_stay_in_the_order_they_were_attached(house: House, groups: Groups) -> None:
    await house.app()
    for name in ("zeta", "alpha", "mid"):
        await groups.make(name)
        await groups.attach(name)
    assert await groups.groups_of() == ["zeta", "alpha", "mid"]
    await groups.detach("alpha")
    await groups.attach("alpha")
    assert await groups.groups_of() == ["zeta", "mid", "alpha"]


async def test_updating_the_app_leaves_its_groups(house: House, groups: Groups) -> None:
    app = await house.app()
    await groups.make(A="1")
    await groups.attach()
    spec = config_pb2.AppSpec(image="web:2", groups=["invented"])
    request = config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=spec)
    updated = await house.config.UpdateApp(request, metadata=house.me)
    assert list(updated.app.spec.groups) == ["shared"]
    assert [each.name for each in (await house.state(app, updated.change.version)).groups] == ["shared"]
    nothing = await house.config.UpdateApp(
        config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=config_pb2.AppSpec(image="web:2")),
        metadata=house.me,
    )
    assert nothing.change.release_status == config_pb2.RELEASE_STATUS_NONE


async def test_secrets_of_a_group_are_counted_for_who_may_not_list_them(house: House, groups: Groups) -> None:
    app = await house.app()
    group = await groups.make(A="1")
    await groups.claim(group, "KEY", "TOKEN")
    await house.claim(app, "TOKEN")
    unlisting = house.signer.user(permissions=frozenset({"apps.read", "apps.write", "config.read"}))
    attached = await groups.attach(me=unlisting)
    assert ([each.name for each in attached.change.changes], attached.hidden_changes) == (["A"], 1)
    (given,) = (await house.listed(me=unlisting)).groups
    assert list(given.own_names) == []
    assert [list(each.own_names) for each in (await groups.get(me=unlisting)).used_by] == [[]]
    (given,) = (await house.listed()).groups
    assert list(given.own_names) == ["TOKEN"]
    assert [list(each.own_names) for each in (await groups.get()).used_by] == [["TOKEN"]]
    detached = await groups.detach(me=unlisting)
    assert ([each.name for each in detached.change.changes], detached.hidden_changes) == (["A"], 1)


async def test_no_group_holds_a_group(house: House, groups: Groups) -> None:
    await groups.make("outer")
    await groups.make("inner")
    code, reason, sentence = await refusal(groups.attach("inner", app="outer"))
    assert (code, reason) == (grpc.StatusCode.FAILED_PRECONDITION, "GROUP_IN_GROUP")
    assert "outer is a group" in sentence
    assert (await refusal(groups.attach("outer", app="outer")))[1] == "GROUP_IN_GROUP"
    await house.app()
    await house.app("api")
    assert (await refusal(groups.attach("api", app="web")))[1] == "NOT_A_GROUP"


async def test_an_app_has_so_many_groups_and_no_more(house: House, groups: Groups) -> None:
    await house.app()
    for index in range(33):
        await groups.make(f"group-{index}")
    for index in range(32):
        await groups.attach(f"group-{index}")
    code, _, sentence = await refusal(groups.attach("group-32"))
    assert (code, "32" in sentence) == (grpc.StatusCode.RESOURCE_EXHAUSTED, True)
