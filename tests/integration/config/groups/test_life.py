"""Groups as a whole: made, read, listed and destroyed; apart from apps, from other tenants, and from other tokens."""

import grpc
import pytest
from paas.config.v1 import config_pb2, groups_pb2

from paaskit.clock import random_id
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.config.conftest import House
from tests.integration.config.groups.conftest import Groups, refusal

_ABSENT = grpc.StatusCode.NOT_FOUND


async def test_a_group_is_made_and_read(house: House, groups: Groups) -> None:
    made = await groups.make()
    assert (made.name, made.version, made.names, made.apps) == ("shared", 1, 0, 0)
    await house.set("shared", A="1", B="2")
    await house.app()
    await house.app("api")
    for app in ("web", "api"):
        await groups.attach(app=app)
    await house.set("api", B="own")
    read = await groups.get()
    assert (read.group.group_id, read.group.version, read.group.names, read.group.apps) == (made.group_id, 2, 2, 2)
    assert read.group.created_at == made.created_at
    assert [(each.app, list(each.own_names)) for each in read.used_by] == [("api", ["B"]), ("web", [])]
    assert read.hidden_apps == 0
    await until(lambda: house.events("groups.create") != [])
    (event,) = house.events("groups.create")
    assert (event.app, event.app_id) == ("shared", made.group_id)


async def test_making_one_orders_no_release_and_setting_in_it_does(house: House, groups: Groups) -> None:
    group = await groups.make()
    assert house.releaser.orders == []
    await house.set("shared", A="1")
    (order,) = house.releaser.orders
    assert (order.app_id, order.app, order.config_version) == (group.group_id, "shared", 2)
    state = await house.state(config_pb2.App(app_id=group.group_id), 2)
    assert (state.app, state.is_group, state.HasField("spec"), list(state.groups)) == ("shared", True, False, [])
    assert {each.name: each.value for each in state.vars} == {"A": "1"}


async def test_apps_and_groups_have_no_name_in_common(house: House, groups: Groups) -> None:
    await house.app()
    await groups.make()
    taken = grpc.StatusCode.ALREADY_EXISTS
    assert (await refusal(groups.make("web")))[:2] == (taken, "NOT_A_GROUP")
    assert (await refusal(groups.make("shared")))[:2] == (taken, "GROUP_EXISTS")
    assert (await refusal(house.app("shared")))[:2] == (taken, "NOT_AN_APP")
    assert (await refusal(house.app("web")))[:2] == (taken, "APP_EXISTS")


async def test_what_can_be_no_groups_name_is_told_as_one(house: House, groups: Groups) -> None:
    """Whoever names a group is told of groups; whoever names an app, or either of the two, of apps."""
    await house.app()
    for call in (groups.make("Shared"), groups.get("Shared"), groups.destroy("Shared"), groups.attach("Shared")):
        code, _, said = await refusal(call)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert said.startswith("There can be no group of that name: a group's name has 2 to 40 lower-case letters,")
    for other in (house.app("Web"), groups.attach(app="Web"), house.listed("Web")):
        assert (await refusal(other))[2].startswith("There can be no app of that name: an app's name has 2 to 40 ")


async def test_an_equal_request_makes_one_group(groups: Groups, house: House) -> None:
    request = groups_pb2.CreateGroupRequest(request_id=random_id(), group="shared")
    first, second = [await groups.stub.CreateGroup(request, metadata=house.me) for _ in range(2)]
    assert first == second


async def test_what_only_an_app_has_is_refused_of_a_group(house: House, groups: Groups) -> None:
    await groups.make()
    spec = config_pb2.AppSpec(image="web:1")
    update = config_pb2.UpdateAppRequest(request_id=random_id(), app="shared", spec=spec)
    staged = config_pb2.UpdateAppRequest(request_id=random_id(), app="shared", spec=spec, stage=True)
    destroy = config_pb2.DestroyAppRequest(request_id=random_id(), app="shared")
    for call in (
        house.config.GetApp(config_pb2.GetAppRequest(app="shared"), metadata=house.me),
        house.config.UpdateApp(update, metadata=house.me),
        house.config.UpdateApp(staged, metadata=house.me),
        house.config.DestroyApp(destroy, metadata=house.me),
        house.attach("postgres://x", app="shared"),
        house.detach(app="shared"),
    ):
        code, reason, sentence = await refusal(_made(call))
        assert (code, reason) == (_ABSENT, "NOT_AN_APP")
        assert "paas groups:" in sentence
    assert house.secrets.stored == {}
    assert (await groups.get()).group.version == 1


async def _made(call: object) -> object:
    return await call  # type: ignore[misc]  # a call that is made already


async def test_what_only_a_group_is_is_refused_of_an_app(house: House, groups: Groups) -> None:
    await house.app()
    for call in (groups.get("web"), groups.destroy("web")):
        code, reason, sentence = await refusal(call)
        assert (code, reason) == (_ABSENT, "NOT_A_GROUP")
        assert "paas apps:info -a web" in sentence


async def test_lists_of_apps_and_of_groups_are_apart(house: House, groups: Groups) -> None:
    ids = {name: (await groups.make(name)).group_id for name in ("one", "three", "two")}
    app = await house.app()
    await groups.attach("two")
    listed = await groups.listed()
    assert [(each.name, each.apps) for each in listed.groups] == [("one", 0), ("three", 0), ("two", 1)]
    first = await groups.listed(page_size=2)
    rest = await groups.listed(page_size=2, page_token=first.next_page_token)
    assert [each.name for page in (first, rest) for each in page.groups] == ["one", "three", "two"]
    assert rest.next_page_token == ""
    scope = frozenset({("two", ids["two"]), ("web", app.app_id)})
    limited = house.signer.user(apps=scope)
    assert [each.name for each in (await groups.listed(me=limited)).groups] == ["two"]
    for me in (house.me, limited):
        apps = await house.config.ListApps(config_pb2.ListAppsRequest(), metadata=me)
        assert [each.name for each in apps.apps] == ["web"]


async def test_other_tenants_are_told_what_they_are_told_of_nothing(house: House, groups: Groups) -> None:
    stranger = house.signer.user(tenant="other", subject="user:eve@example.com")
    await groups.make("shared", A="1")
    await house.app("theirs", me=stranger)
    foreign = [
        await refusal(groups.get("shared", me=stranger)),
        await refusal(groups.destroy("shared", me=stranger)),
        await refusal(groups.attach("shared", app="theirs", me=stranger)),
        await refusal(groups.detach("shared", app="theirs", me=stranger)),
    ]
    absent = [
        await refusal(groups.get("nothing", me=stranger)),
        await refusal(groups.destroy("nothing", me=stranger)),
        await refusal(groups.attach("nothing", app="theirs", me=stranger)),
        await refusal(groups.detach("nothing", app="theirs", me=stranger)),
    ]
    assert foreign == [(code, reason, said.replace("nothing", "shared")) for code, reason, said in absent]
    assert {each[:2] for each in foreign} == {(_ABSENT, "GROUP_NOT_FOUND")}
    assert list((await groups.listed(me=stranger)).groups) == []


async def test_a_token_without_the_group_neither_sees_nor_attaches_it(house: House, groups: Groups) -> None:
    app = await house.app()
    group = await groups.make("shared", A="1")
    await groups.make("other")
    limited = house.signer.user(apps=frozenset({("web", app.app_id)}), subject="token:ci")
    for call in (
        groups.attach("shared", me=limited),
        groups.attach("absent", me=limited),
        groups.detach("shared", me=limited),
        groups.get("shared", me=limited),
        groups.make("new", me=limited),
    ):
        assert (await refusal(call))[0] is grpc.StatusCode.PERMISSION_DENIED
    namesake = house.signer.user(apps=frozenset({("web", app.app_id), ("shared", "0" * 32)}))
    assert (await refusal(groups.attach("shared", me=namesake)))[0] is grpc.StatusCode.PERMISSION_DENIED
    await house.set(A="own")
    await groups.attach("shared")
    (given,) = (await house.listed(me=limited)).groups
    assert (given.group, list(given.vars), list(given.own_names), given.hidden) == ("shared", [], [], True)
    alone = house.signer.user(apps=frozenset({("shared", group.group_id)}))
    read = await groups.get(me=alone)
    assert (list(read.used_by), read.hidden_apps, read.group.apps) == ([], 1, 1)
    await house.unset("A")
    _, _, sentence = await refusal(house.unset("A", app="shared", me=alone))
    assert "1 app that you may not see" in sentence
    assert "web" not in sentence


async def test_a_group_in_use_is_not_destroyed(house: House, groups: Groups, databases: Databases) -> None:
    app, group = await house.app(), await groups.make("shared", A="1")
    await groups.attach(stage=True)
    code, reason, sentence = await refusal(groups.destroy())
    assert (code, reason) == (grpc.StatusCode.FAILED_PRECONDITION, "GROUP_IN_USE")
    assert "shared is attached to web" in sentence
    discard = config_pb2.DiscardStagedRequest(request_id=random_id(), app="web", spec=True)
    await house.config.DiscardStaged(discard, metadata=house.me)
    await groups.attach()
    assert (await refusal(groups.destroy()))[1] == "GROUP_IN_USE"
    await groups.detach()
    await groups.destroy()
    # At least once: on a busy machine they may be told again before their answer is there.
    assert set(house.secrets.purged) == set(house.releaser.removed) == {group.group_id}
    assert (await refusal(groups.get()))[:2] == (_ABSENT, "GROUP_NOT_FOUND")
    assert (await refusal(groups.attach()))[:2] == (_ABSENT, "GROUP_NOT_FOUND")
    assert (await refusal(house.set("shared", A="2")))[0] is _ABSENT
    assert databases.look("config", "SELECT count(*) FROM group_uses") == [(0,)]
    again = await groups.make()
    assert again.group_id != group.group_id
    assert app.name == "web"


async def test_destroying_an_app_ends_its_use(house: House, groups: Groups) -> None:
    await house.app()
    group = await groups.make("shared", A="1")
    await groups.attach()
    await house.config.DestroyApp(config_pb2.DestroyAppRequest(request_id=random_id(), app="web"), metadata=house.me)
    assert await groups.uses(group) == {}
    assert (await groups.get()).group.apps == 0
    await house.unset("A", app="shared")
    await groups.destroy()


async def test_its_end_is_told_again_while_secrets_is_away(house: House, groups: Groups) -> None:
    group = await groups.make()
    house.secrets.down = True
    code, _, sentence = await refusal(groups.destroy(request_id="request-1"))
    assert (code, "Destroy the group once more" in sentence) == (grpc.StatusCode.UNAVAILABLE, True)
    assert (await refusal(groups.make()))[0] is grpc.StatusCode.UNAVAILABLE
    destroy_app = config_pb2.DestroyAppRequest(request_id=random_id(), app="shared")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.config.DestroyApp(destroy_app, metadata=house.me)
    assert refused.value.code() is _ABSENT
    assert (await refusal(groups.destroy()))[0] is grpc.StatusCode.UNAVAILABLE
    house.secrets.down = False
    # The same request is answered alike, also where what is told in the background was there before it.
    await groups.destroy(request_id="request-1")
    assert set(house.secrets.purged) == {group.group_id}
