"""Drafts: what is staged is in no release until it is released, then config and secrets together, once.

With two people who stage, two who release, and services that are away or refuse in between. The runtime runs nothing;
kill -9 is in test_crash.py.
"""

import asyncio
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.access import DEVELOPER
from paaskit.errors import Refused, Unavailable
from services.releaser.by_hand.execution import Execution
from services.releaser.by_hand.left_over import LeftOver
from tests.fakes.desired_services import FakeConfig, FakeSecrets
from tests.fakes.desired_state import STAGED_AT, FakeApp
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stage, Stores, persistently, spec_of

SUCCEEDED = releaser_pb2.STATE_SUCCEEDED
BOB, EVE = "user:bob@example.com", "user:eve@example.com"
AWAY = Unavailable("The secrets service cannot be reached now.", metadata={"service": "secrets"})


async def refusal(call: Any) -> tuple[str, str, str]:
    """The code, reason and sentence a call is refused with."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return refused.value.code().name, info.reason, status.message


@pytest.fixture
async def app(quick: Stage) -> FakeApp:
    """An app with a var and a secret, whose release v1 succeeded."""
    app = quick.variables.app(spec_of(), COLOUR="blue")
    app.seal(KEY="old")
    assert (await quick.end(await quick.order(app))).state == SUCCEEDED
    return app


async def test_what_is_staged_is_in_no_release_until_it_is_released(quick: Stage, app: FakeApp) -> None:
    quick.runtime.gate = asyncio.Event()
    await quick.set(app, K="1")
    await until(lambda: quick.runtime.applying)
    newest = await quick.set(app, K="2")
    app.stage(S="yes", COLOUR="red")
    app.stage_secrets(HUSH="yes", KEY="new")
    quick.runtime.gate.set()
    await quick.end(newest)
    await quick.end(await quick.set(app, K="3"))
    assert quick.runtime.runs(app.key) == {"COLOUR": "blue", "KEY": "old", "K": "3"}
    await quick.end((await quick.create()).release.number)
    assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "new", "K": "3", "S": "yes", "HUSH": "yes"}
    before = [desired.variables.keys() for desired in quick.runtime.applied[:-1]]
    assert not any({"S", "HUSH"} & names for names in before), "no instance ever had it"


async def test_both_drafts_go_out_as_one_release_that_says_who_staged_what(quick: Stage, app: FakeApp) -> None:
    app.stage(by=BOB, COLOUR="red", spec=spec_of(instances=2))
    app.stage_secrets(by=EVE, KEY="new", HUSH="1")
    dry = await quick.create(validate_only=True)
    assert not dry.HasField("release")
    assert app.config.draft, "a dry run releases nothing"
    made = await quick.create(request_id="release-the-draft")
    assert made.changes == dry.changes == made.release.changes
    assert [(change.name, change.action, change.secret, change.actor) for change in made.changes] == [
        ("COLOUR", config_pb2.ACTION_CHANGED, False, BOB),
        ("", config_pb2.ACTION_CHANGED, False, BOB),
        ("KEY", config_pb2.ACTION_CHANGED, True, EVE),
        ("HUSH", config_pb2.ACTION_ADDED, True, EVE),
    ]
    assert {change.staged_at.ToDatetime(tzinfo=STAGED_AT.tzinfo) for change in made.changes} == {STAGED_AT}
    assert made.release.description == "Release the draft: COLOUR, what the app runs, KEY, HUSH"
    assert made.release.actor == "user:ada@example.com"
    ended = await quick.end(2)
    assert (ended.state, ended.instances_total, ended.changes) == (SUCCEEDED, 2, made.changes)
    assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "new", "HUSH": "1"}
    assert not app.config.draft
    assert not app.secrets.draft
    assert await quick.deliver_kept(app) == [2, 2], "what config and secrets kept is the same release"
    repeated = await quick.create(request_id="release-the-draft")
    assert repeated == made
    await quick.end((await quick.create()).release.number)
    assert [desired.release for desired in quick.runtime.applied] == [1, 2, 3], "one rollout each"


async def test_staged_removals_and_rotations_go_out_too(quick: Stage, app: FakeApp) -> None:
    await quick.end(await quick.seal(app, GONE="1"))
    app.stage(COLOUR=None, A="1", B="2", C="3")
    app.stage_secrets(GONE=None)
    app.stage_rotation("KEY", "rotated")
    made = await quick.create()
    assert {change.name: change.action for change in made.changes} == {
        "COLOUR": config_pb2.ACTION_REMOVED,
        "A": config_pb2.ACTION_ADDED,
        "B": config_pb2.ACTION_ADDED,
        "C": config_pb2.ACTION_ADDED,
        "GONE": config_pb2.ACTION_REMOVED,
        "KEY": config_pb2.ACTION_CHANGED,
    }
    await quick.end(made.release.number)
    assert quick.runtime.runs(app.key) == {"A": "1", "B": "2", "C": "3", "KEY": "rotated", "KEY_PREVIOUS": "old"}


@pytest.mark.parametrize("secret", [False, True])
async def test_a_draft_that_replaces_something_newer_asks(quick: Stage, app: FakeApp, *, secret: bool) -> None:
    if secret:
        app.stage_secrets(KEY="staged")
        number = await quick.seal(app, KEY="newer")
    else:
        app.stage(COLOUR="staged")
        number = await quick.set(app, COLOUR="newer")
    await quick.end(number)
    name = "KEY" if secret else "COLOUR"
    assert quick.runtime.runs(app.key)[name] == "newer", "what is set live is live at once"
    (change,) = (await quick.create(validate_only=True)).changes
    assert (change.name, change.replaces_newer) == (name, True)
    code, reason, sentence = await refusal(quick.create())
    assert (code, reason) == ("FAILED_PRECONDITION", "DRAFT_REPLACES_NEWER")
    assert sentence.startswith(f"{name} changed since it was staged")
    narrow = quick.signer.user(permissions=DEVELOPER - {"secrets.list"})
    _, _, masked = await refusal(quick.create(me=narrow))
    assert masked.startswith("a secret changed" if secret else "COLOUR changed")
    assert [r.number for r in await quick.all_releases()] == [2, 1], "nothing was released"
    made = await quick.create(replace_newer=True)
    assert [change.replaces_newer for change in made.changes] == [True]
    await quick.end(made.release.number)
    assert quick.runtime.runs(app.key)[name] == "staged"


async def test_a_restart_leaves_what_is_staged(quick: Stage, app: FakeApp) -> None:
    app.stage(COLOUR="staged")
    made = await quick.create(request_id="once-more", leave_draft=True)
    assert (made.release.description, list(made.changes)) == ("Restart", [])
    await quick.end(made.release.number)
    assert quick.runtime.runs(app.key).get("COLOUR") != "staged"
    assert set(app.config.draft) == {"COLOUR"}
    assert (await quick.create(request_id="once-more", leave_draft=True)).release.number == made.release.number
    assert (await refusal(quick.create(request_id="once-more")))[1] == "REQUEST_ID_REUSED"
    assert list((await quick.create(leave_draft=True, validate_only=True)).changes) == []


async def test_what_is_staged_after_the_look_stays_staged(quick: Stage, app: FakeApp) -> None:
    app.stage(A="1", B="1")
    quick.variables.hold["release_draft_config"] = asyncio.Event()
    creating = asyncio.create_task(quick.create())
    await until(lambda: "release_draft_config" in quick.variables.calls)
    app.stage(B="2", C="3")
    quick.variables.hold.pop("release_draft_config").set()
    assert [change.name for change in (await creating).changes] == ["A"]
    assert set(app.config.draft) == {"B", "C"}
    await quick.end((await quick.create()).release.number)
    assert app.variables == {"COLOUR": "blue", "A": "1", "B": "2", "C": "3"}


async def test_a_draft_that_fails_is_taken_back(quick: Stage, app: FakeApp) -> None:
    app.stage(COLOUR="red", FAIL="1")
    app.stage_secrets(KEY="bad", HUSH="1")
    failed = await quick.end((await quick.create()).release.number)
    assert (failed.reverted_to, sorted(failed.reverted_names)) == (1, ["COLOUR", "FAIL", "HUSH", "KEY"])
    await quick.end(failed.revert_release)
    assert quick.runtime.runs(app.key) == {"COLOUR": "blue", "KEY": "old"}


async def test_an_app_that_is_destroyed_meanwhile_has_no_release_any_more(
    quick: Stage, app: FakeApp, databases: Databases
) -> None:
    app.stage(COLOUR="red")
    quick.variables.hold_answer["release_draft_config"] = asyncio.Event()
    creating = asyncio.create_task(quick.create())
    await until(lambda: "release_draft_config" in quick.variables.calls)
    await quick.internal.RemoveApp(releaser_pb2.RemoveAppRequest(tenant=app.key.tenant, app_id=app.key.app_id))
    quick.variables.hold_answer.pop("release_draft_config").set()
    assert (await refusal(creating))[:2] == ("NOT_FOUND", "APP_NOT_FOUND")
    assert databases.look("releaser", "SELECT number FROM releases") == [(1,)]
    assert databases.look("releaser", "SELECT count(*) FROM intents") == [(0,)]


async def test_a_request_about_an_app_that_was_made_again_is_another(quick: Stage, app: FakeApp) -> None:
    await quick.end((await quick.create(request_id="of-the-former")).release.number)
    await quick.internal.RemoveApp(releaser_pb2.RemoveAppRequest(tenant=app.key.tenant, app_id=app.key.app_id))
    del quick.variables.apps[app.key]
    quick.variables.app(spec_of(), app_id="a2")
    assert (await refusal(quick.create(request_id="of-the-former")))[1] == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("service", ["config", "secrets"])
async def test_nothing_happens_where_one_of_both_is_away(quick: Stage, app: FakeApp, service: str) -> None:
    app.stage(COLOUR="red")
    app.stage_secrets(KEY="new")
    quick.variables.away.add(service)
    code, _, sentence = await refusal(quick.create(request_id="while-it-is-away"))
    assert (code, sentence) == ("UNAVAILABLE", f"The {service} service cannot be reached now. Try again in a moment.")
    quick.variables.away.clear()
    assert (app.variables["COLOUR"], app.values["KEY"], app.kept) == ("blue", "old", [])
    made = await quick.create(request_id="while-it-is-away")
    await quick.end(made.release.number)
    assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "new"}


@pytest.mark.parametrize("delivered", [False, True])
async def test_a_repeat_finishes_what_broke_off_between_config_and_secrets(
    quick: Stage, app: FakeApp, *, delivered: bool
) -> None:
    """Even where config's half was released on its own meanwhile, and something was staged and set since."""
    app.stage(by=BOB, COLOUR="red")
    app.stage_secrets(by=EVE, KEY="new")
    quick.variables.refusals["release_draft_secrets"] = AWAY
    assert (await refusal(quick.create(request_id="broken-off")))[0] == "UNAVAILABLE"
    assert (app.variables["COLOUR"], app.values["KEY"]) == ("red", "old")
    assert (await refusal(quick.create(request_id="broken-off", replace_newer=True)))[1] == "REQUEST_ID_REUSED"
    if delivered:
        assert await quick.deliver_kept(app) == [2]
        await quick.end(2)
        assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "old"}
    app.stage(LATER="1")
    quick.variables.refusals.clear()
    made = await quick.create(request_id="broken-off")
    assert made.release.number == (3 if delivered else 2)
    assert [(change.name, change.actor) for change in made.changes] == [("COLOUR", BOB), ("KEY", EVE)]
    assert await quick.create(request_id="broken-off") == made
    assert (await quick.end(made.release.number)).state == SUCCEEDED
    assert set(await quick.deliver_kept(app)) == {made.release.number}
    assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "new"}
    assert list(app.config.draft) == ["LATER"]
    assert (await refusal(quick.create(request_id="broken-off", replace_newer=True)))[1] == "REQUEST_ID_REUSED"


async def test_a_repeat_finishes_what_broke_off_before_it_was_queued(quick: Stage, app: FakeApp) -> None:
    """Nothing is staged any more then, which must not be taken for a restart."""
    app.stage(COLOUR="red")
    app.stage_secrets(KEY="new")
    quick.variables.hold_answer["release_draft_secrets"] = asyncio.Event()
    creating = asyncio.create_task(quick.create(request_id="broken-off"))
    await until(lambda: "release_draft_secrets" in quick.variables.calls)
    creating.cancel()
    await asyncio.gather(creating, return_exceptions=True)
    quick.variables.hold_answer.clear()
    made = await quick.create(request_id="broken-off")
    assert {change.name for change in made.changes} == {"COLOUR", "KEY"}
    await quick.end(made.release.number)
    assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "new"}


async def test_what_secrets_refuses_after_config_did_its_part_is_said(quick: Stage, app: FakeApp) -> None:
    app.stage(COLOUR="red")
    app.stage_secrets(KEY="new")
    quick.variables.refusals["release_draft_secrets"] = Refused("KEY was changed.", reason="DRAFT_REPLACES_NEWER")
    code, reason, sentence = await refusal(quick.create(request_id="half-of-it"))
    assert (code, reason) == ("FAILED_PRECONDITION", "DRAFT_REPLACES_NEWER")
    assert sentence.startswith("v2 has the config vars of it; its secrets were refused (DRAFT_REPLACES_NEWER)")
    await quick.end(2)
    assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "old"}
    assert list(app.secrets.draft) == ["KEY"]
    quick.variables.refusals.clear()
    made = await quick.create(request_id="half-of-it")
    await quick.end(made.release.number)
    assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "new"}


async def test_what_the_first_refuses_changes_nothing(quick: Stage, app: FakeApp) -> None:
    app.stage_secrets(KEY="new")
    quick.variables.refusals["release_draft_secrets"] = Refused("KEY was changed.", reason="DRAFT_REPLACES_NEWER")
    assert (await refusal(quick.create()))[2] == "KEY was changed."
    narrow = quick.signer.user(permissions=DEVELOPER - {"secrets.list"})
    code, _, sentence = await refusal(quick.create(me=narrow))
    assert code == "FAILED_PRECONDITION"
    assert "KEY" not in sentence
    assert [release.number for release in await quick.all_releases()] == [1]


async def test_two_operators_at_once_make_one_release(quick: Stage, app: FakeApp) -> None:
    app.stage(COLOUR="red")
    app.stage_secrets(KEY="new")
    other = quick.signer.user(subject=EVE, token_id="t2")
    quick.variables.hold["release_draft_config"] = asyncio.Event()
    slow = quick.variables.hold["release_draft_secrets"] = asyncio.Event()
    creating = [asyncio.create_task(quick.create(me=me)) for me in (quick.me, other)]
    await until(lambda: quick.variables.calls.count("release_draft_config") == 2)
    quick.variables.hold.pop("release_draft_config").set()
    # Whoever has nothing of config leaves the secrets to the other, even where those are not released yet.
    await until(lambda: any(each.done() for each in creating))
    slow.set()
    done = await asyncio.gather(*creating, return_exceptions=True)
    made = [answer for answer in done if isinstance(answer, releaser_pb2.CreateReleaseResponse)]
    assert len(made) == 1
    refused = next(error for error in done if isinstance(error, grpc.aio.AioRpcError))
    assert "has been released, dropped or staged anew" in str(refused.details())
    await quick.end(made[0].release.number)
    assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "new"}
    assert [desired.release for desired in quick.runtime.applied] == [1, 2]


async def test_twenty_equal_requests_at_once_get_twenty_equal_answers(quick: Stage, app: FakeApp) -> None:
    app.stage(COLOUR="red")
    app.stage_secrets(KEY="new")
    answers = await asyncio.gather(*(persistently(lambda: quick.create(request_id="twenty-times")) for _ in range(20)))
    assert answers == [answers[0]] * 20
    await quick.end(answers[0].release.number)
    assert [desired.release for desired in quick.runtime.applied] == [1, 2]
    await until(lambda: ("releases.create", 2, 1) in quick.told())
    assert quick.told().count(("releases.create", 2, 1)) == 1


async def test_names_of_staged_secrets_are_told_to_who_may_list_them(quick: Stage, app: FakeApp) -> None:
    app.stage(COLOUR="red")
    app.stage_secrets(HUSH="1", KEY="new")
    narrow = quick.signer.user(permissions=DEVELOPER - {"secrets.list"})
    for answer in (await quick.create(validate_only=True, me=narrow), await quick.create(me=narrow)):
        assert ([change.name for change in answer.changes], answer.hidden_changes) == (["COLOUR"], 2)
        assert b"HUSH" not in answer.SerializeToString()
        assert b"KEY" not in answer.SerializeToString()
    assert answer.release.description == "Release the draft"


async def test_what_nobody_goes_on_with_is_finished(
    quick: Stage, app: FakeApp, databases: Databases, other_stores: Stores
) -> None:
    app.stage(COLOUR="red")
    app.stage_secrets(KEY="new")
    quick.variables.refusals["release_draft_secrets"] = AWAY
    await refusal(quick.create(request_id="and-gone"))
    quick.variables.refusals.clear()
    config, secrets = FakeConfig(quick.variables), FakeSecrets(quick.variables)
    execution = Execution(other_stores.by_hand, config=config, secrets=secrets, wake=lambda: None)
    await LeftOver(other_stores.by_hand, execution).finish_all()
    assert databases.look("releaser", "SELECT count(*) FROM intents") == [(1,)], "it may still be under way"
    await LeftOver(other_stores.by_hand, execution, age_seconds=0).finish_all()
    assert databases.look("releaser", "SELECT count(*) FROM intents") == [(0,)]
    assert (await quick.end(2)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == {"COLOUR": "red", "KEY": "new"}
    assert (await quick.create(request_id="and-gone")).release.number == 2


async def test_what_would_replace_something_newer_is_left_to_who_asked(
    quick: Stage, app: FakeApp, databases: Databases, other_stores: Stores
) -> None:
    app.stage(COLOUR="red")
    app.stage_secrets(KEY="staged")
    quick.variables.refusals["release_draft_secrets"] = AWAY
    await refusal(quick.create(request_id="and-gone", replace_newer=True))
    quick.variables.refusals.clear()
    app.seal(KEY="newest")
    config, secrets = FakeConfig(quick.variables), FakeSecrets(quick.variables)
    execution = Execution(other_stores.by_hand, config=config, secrets=secrets, wake=lambda: None)
    await LeftOver(other_stores.by_hand, execution, age_seconds=0).finish_all()
    assert app.values == {"KEY": "newest"}
    await quick.create(request_id="and-gone", replace_newer=True)
    assert app.values == {"KEY": "staged"}
