"""Names of groups: no two groups of an app have one in common, the limits hold for all an app has, none goes in use.

Leaves out the rules of what that comes to (tests/unit/config/test_sharing.py).
"""

import asyncio

import grpc
import pytest

from paaskit.variables import MAX_NAMES
from tests.integration.config.conftest import House
from tests.integration.config.groups.conftest import Groups, refusal

_REFUSED = grpc.StatusCode.FAILED_PRECONDITION
_TOO_MUCH = grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_two_groups_with_a_name_in_common_are_not_attached_to_one_app(house: House, groups: Groups) -> None:
    await house.app()
    await groups.make("shared", A="1", B="1")
    await groups.make("billing", B="2", C="2")
    await house.set(B="own")
    await groups.attach("shared")
    for stage in (False, True):
        code, reason, sentence = await refusal(groups.attach("billing", stage=stage))
        assert (code, reason) == (_REFUSED, "GROUP_NAME_COLLIDES")
        assert "B: in shared and in billing" in sentence
        assert "groups:detach shared -a web" in sentence
    await groups.detach("shared")
    await groups.attach("billing")
    assert await groups.groups_of() == ["billing"]


async def test_a_name_is_not_set_in_a_group_while_another_group_of_an_app_has_it(house: House, groups: Groups) -> None:
    await house.app()
    shared = await groups.make("shared", A="1")
    await groups.make("billing", B="2")
    await groups.attach("shared")
    await groups.attach("billing")
    for call in (
        house.set("shared", B="1"),
        house.set("shared", B="1", stage=True),
        house.set("shared", B="1", validate_only=True),
        groups.claim(shared, "B"),
        groups.claim(shared, "B", validate_only=True),
    ):
        code, reason, sentence = await refusal(call)
        assert (code, reason) == (_REFUSED, "GROUP_NAME_COLLIDES")
        assert "B: web has the group billing as well" in sentence
    await house.set("shared", A="2", C="3")
    await groups.detach("billing")
    await house.set("shared", B="1")


async def test_what_was_staged_before_a_collision_is_refused_when_it_is_released(house: House, groups: Groups) -> None:
    await house.app()
    shared = await groups.make("shared", A="1")
    await groups.make("billing")
    await house.set("shared", B="1", stage=True)
    for name in ("shared", "billing"):
        await groups.attach(name)
    await house.set("billing", B="2")
    assert (await refusal(groups.release_draft(shared.group_id, "shared")))[1] == "GROUP_NAME_COLLIDES"
    assert await house.vars("shared") == {"A": "1"}


async def test_a_collision_tells_nothing_that_is_out_of_sight(house: House, groups: Groups) -> None:
    await house.app()
    shared = await groups.make("shared", A="1")
    billing = await groups.make("billing", B="2")
    await groups.claim(billing, "KEY")
    await groups.attach("shared")
    await groups.attach("billing")
    limited = house.signer.user(apps=frozenset({("shared", shared.group_id)}))
    _, reason, sentence = await refusal(house.set("shared", B="1", me=limited))
    assert reason == "GROUP_NAME_COLLIDES"
    assert "web" not in sentence
    assert "billing" not in sentence
    await groups.detach("shared")
    unlisting = house.signer.user(permissions=frozenset({"apps.write", "config.write"}))
    await groups.claim(shared, "KEY")
    _, _, sentence = await refusal(groups.attach("shared", me=unlisting))
    assert "1 secret: in billing" in sentence
    assert "KEY" not in sentence


async def test_an_app_has_so_many_names_in_all(house: House, groups: Groups) -> None:
    await house.app()
    await house.set(**{f"OWN{index}": "1" for index in range(300)})
    await groups.make("shared", values={f"G{index}": "1" for index in range(199)} | {"OWN0": "hidden"})
    await groups.attach("shared")
    assert (await refusal(house.set(MORE="1", YET="1")))[0] is _TOO_MUCH
    assert (await refusal(house.set(MORE="1", YET="1", stage=True)))[0] is _TOO_MUCH
    await house.set(MORE="1")
    code, _, sentence = await refusal(house.set("shared", ANOTHER="1"))
    assert (code, "web would have 501 variables" in sentence) == (_TOO_MUCH, True)
    assert (await refusal(house.set("shared", ANOTHER="1", stage=True)))[0] is _TOO_MUCH
    await house.set("shared", MORE="hidden by web's own")
    await house.set(G0="hides the group's")
    await groups.make("third", THIRD="1")
    assert (await refusal(groups.attach("third")))[0] is _TOO_MUCH
    assert (await refusal(groups.attach("third", stage=True)))[0] is _TOO_MUCH
    await house.unset("MORE", "OWN1")
    await groups.attach("third")
    assert MAX_NAMES == 500


async def test_an_app_has_so_many_bytes_in_all(house: House, groups: Groups) -> None:
    app = await house.app()
    big = "x" * 60_000
    await house.set(**{f"OWN{index}": big for index in range(5)})
    group = await groups.make("shared", values={f"G{index}": big for index in range(3)})
    await groups.attach("shared")
    for call in (
        house.set(MORE=big),
        house.set("shared", MORE=big),
        house.set("shared", **{f"G{index}": big + "y" * 5_000 for index in range(3)}, MORE="x" * 50_000),
    ):
        code, _, sentence = await refusal(call)
        assert (code, "KiB" in sentence) == (_TOO_MUCH, True)
    await house.set("shared", G0="small now")
    await house.set("shared", MORE=big)
    await groups.claim(group, "KEY")
    assert app.name == "web"


@pytest.mark.parametrize("stage", [False, True])
async def test_a_name_that_an_app_has_of_a_group_is_not_unset(house: House, groups: Groups, *, stage: bool) -> None:
    await house.app()
    await house.app("api")
    await groups.make("shared", A="1", B="1")
    for app in ("web", "api"):
        await groups.attach(app=app)
    await house.set("api", A="own")
    code, reason, sentence = await refusal(house.unset("A", "B", app="shared", stage=stage))
    assert (code, reason) == (_REFUSED, "GROUP_NAME_IN_USE")
    assert "A, B: from shared in web, api" in sentence or "A, B: from shared in api, web" in sentence
    assert "paas groups:detach shared -a " in sentence
    _, _, sentence = await refusal(house.unset("A", app="shared", stage=stage))
    assert "from shared in web." in sentence
    await house.set(A="own")
    await house.unset("A", app="shared", stage=stage)
    await groups.detach(app="web")
    await groups.detach(app="api")
    await house.unset("B", app="shared", stage=stage)


async def test_what_is_staged_to_go_is_refused_where_it_came_into_use_since(house: House, groups: Groups) -> None:
    await house.app()
    group = await groups.make("shared", A="1")
    await house.unset("A", app="shared", stage=True)
    await groups.attach()
    assert (await refusal(groups.release_draft(group.group_id, "shared")))[1] == "GROUP_NAME_IN_USE"
    assert await house.vars("shared") == {"A": "1"}
    await groups.detach()
    assert (await groups.release_draft(group.group_id, "shared")).HasField("version")


async def test_secrets_asks_whether_names_may_go(house: House, groups: Groups) -> None:
    app, group = await house.app(), await groups.make("shared", A="1")
    await groups.claim(group, "KEY", "SPARE")
    await groups.check_unused(group.group_id, "KEY")
    await groups.attach()
    code, reason, sentence = await refusal(groups.check_unused(group.group_id, "KEY", "SPARE", "ABSENT"))
    assert (code, reason) == (_REFUSED, "GROUP_NAME_IN_USE")
    assert "KEY, SPARE: from shared in web" in sentence
    assert "paas secrets:set KEY" in sentence
    await house.claim(app, "KEY")
    await groups.check_unused(group.group_id, "KEY", "ABSENT")
    await groups.check_unused(app.app_id, "KEY")
    for names in ((), ("A", "A"), ("no-name",)):
        assert (await refusal(groups.check_unused(app.app_id, *names)))[0] is grpc.StatusCode.INVALID_ARGUMENT
    assert (await refusal(groups.check_unused("0" * 32, "KEY")))[0] is grpc.StatusCode.NOT_FOUND


async def test_a_name_of_a_group_alone_is_not_unset_in_the_app(house: House, groups: Groups) -> None:
    await house.app()
    await groups.make("shared", A="1")
    await groups.attach()
    for stage in (False, True):
        code, reason, sentence = await refusal(house.unset("A", stage=stage))
        assert (code, reason) == (grpc.StatusCode.NOT_FOUND, "NAME_NOT_SET")
        assert "paas config:unset A -a shared" in sentence
    await house.unset("A", ignore_missing=True)


async def test_changes_at_once_can_not_pass_each_other(house: House, groups: Groups) -> None:
    """A name set in one group while the other is attached: whichever is first, the other is refused."""
    for index in range(8):
        app, first, second = f"app-{index}", f"first-{index}", f"second-{index}"
        await house.app(app)
        await groups.make(first, A="1")
        await groups.make(second, B="1")
        await groups.attach(first, app=app)
        done = await asyncio.gather(groups.attach(second, app=app), house.set(second, A="2"), return_exceptions=True)
        failed = [each for each in done if isinstance(each, grpc.aio.AioRpcError)]
        assert [each.code() for each in failed] == [_REFUSED]


async def test_groups_that_collide_are_not_both_attached_by_calls_at_once(house: House, groups: Groups) -> None:
    for name in ("one", "two", "three"):
        await groups.make(name, SAME=name)
    for index in range(4):
        app = f"app-{index}"
        await house.app(app)
        calls = (groups.attach(name, app=app) for name in ("one", "two", "three"))
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(each, grpc.aio.AioRpcError) for each in done) == 2
        assert len(await groups.groups_of(app)) == 1


async def test_many_changes_of_apps_and_groups_at_once_all_come_to_an_end(house: House, groups: Groups) -> None:
    """They share transactions and one lock, and none waits for another that waits for it."""
    me = {tenant: house.signer.user(tenant=tenant) for tenant in ("acme", "other")}
    for tenant in me.values():
        await groups.make("shared", me=tenant)
        for index in range(4):
            await house.app(f"app-{index}", me=tenant)
            await groups.attach(app=f"app-{index}", me=tenant)
    calls = [
        house.set(name, me=tenant, **{f"{name[:3].upper()}{turn}": "1"})
        for turn in range(6)
        for tenant in me.values()
        for name in ("shared", "app-0", "app-1", "app-2", "app-3")
    ]
    await asyncio.gather(*calls)
    for tenant in me.values():
        assert len((await house.listed("shared", me=tenant)).vars) == 6
        assert {len((await house.listed(f"app-{index}", me=tenant)).vars) for index in range(4)} == {6}
