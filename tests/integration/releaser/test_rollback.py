"""Going back to an old release: what it does to config, spec and secrets, who may, and that it happens once.

The runtime runs nothing; kill -9 is in test_crash.py.
"""

import asyncio

import pytest
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.access import DEVELOPER
from tests.fakes.desired_state import FakeApp
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stage, persistently, spec_of
from tests.integration.releaser.test_drafts import refusal

SUCCEEDED = releaser_pb2.STATE_SUCCEEDED
ADDED, CHANGED, REMOVED = config_pb2.ACTION_ADDED, config_pb2.ACTION_CHANGED, config_pb2.ACTION_REMOVED


@pytest.fixture
async def app(quick: Stage) -> FakeApp:
    """An app whose release v1 had a var and a secret; v2 has others."""
    app = quick.variables.app(spec_of(), COLOUR="blue")
    app.seal(KEY="first")
    await quick.end(await quick.order(app))
    app.change(COLOUR="green", ADDED="1")
    app.seal(KEY="second")
    assert (await quick.end(await quick.order(app))).state == SUCCEEDED
    return app


def actions(answer: releaser_pb2.RollbackResponse) -> dict[str, int]:
    """What is said of each name."""
    return {change.name: change.action for change in answer.changes}


async def test_secrets_stay_at_their_newest(quick: Stage, app: FakeApp) -> None:
    dry = await quick.roll_back(1, validate_only=True)
    assert not dry.HasField("release")
    assert actions(dry) == {"COLOUR": CHANGED, "ADDED": REMOVED}
    made = await quick.roll_back(1, request_id="rollback-1-please")
    assert (made.release.number, made.release.source_release) == (3, 1)
    assert (made.changes, made.spec_changed) == (dry.changes, False)
    assert await quick.roll_back(1, request_id="rollback-1-please") == made
    assert (await quick.end(3)).state == SUCCEEDED
    assert quick.runtime.runs(app.key) == {"COLOUR": "blue", "KEY": "second"}
    assert await quick.deliver_kept(app) == [3]
    await until(lambda: any(event.action == "releases.rollback" for event in quick.audit.events))
    done = [event for event in quick.audit.events if event.action == "releases.rollback"]
    assert [(event.version, event.app_id) for event in done] == [(3, "a1")]


async def test_secrets_come_back_where_asked_for(quick: Stage, app: FakeApp) -> None:
    await quick.end(await quick.sealed(app, lambda app: app.unseal("KEY")))
    await quick.end(await quick.seal(app, LATER="1"))
    dry = await quick.roll_back(1, with_secrets=True, validate_only=True)
    made = await quick.roll_back(1, with_secrets=True)
    assert actions(made) == actions(dry) == {"COLOUR": CHANGED, "ADDED": REMOVED, "KEY": ADDED, "LATER": REMOVED}
    assert [(change.name, change.secret) for change in made.release.changes if change.secret] == [
        ("KEY", True),
        ("LATER", True),
    ]
    await quick.end(made.release.number)
    assert quick.runtime.runs(app.key) == {"COLOUR": "blue", "KEY": "first"}, "the name is claimed again, too"


async def test_a_name_that_became_a_secret_is_a_config_var_again(quick: Stage, app: FakeApp) -> None:
    app.unset("COLOUR")
    app.seal(COLOUR="sealed")
    await quick.end(await quick.order(app))
    assert (await refusal(quick.roll_back(1)))[:2] == ("FAILED_PRECONDITION", "NAME_IS_SECRET")
    dry = await quick.roll_back(1, with_secrets=True, validate_only=True)
    made = await quick.roll_back(1, with_secrets=True)
    assert actions(made) == actions(dry) == {"ADDED": REMOVED, "COLOUR": CHANGED, "KEY": CHANGED}
    await quick.end(made.release.number)
    assert quick.runtime.runs(app.key) == {"COLOUR": "blue", "KEY": "first"}


async def test_it_goes_only_to_what_succeeded(quick: Stage, app: FakeApp) -> None:
    await quick.end(await quick.set(app, FAIL="1"))
    assert (await refusal(quick.roll_back(3)))[:2] == ("FAILED_PRECONDITION", "REFUSED")
    assert (await refusal(quick.roll_back(99)))[:2] == ("NOT_FOUND", "RELEASE_NOT_FOUND")
    assert "releases.rollback" not in {event.action for event in quick.audit.events}


@pytest.mark.parametrize(
    ("missing", "with_secrets"), [("config.write", False), ("apps.write", False), ("secrets.write", True)]
)
async def test_it_asks_for_the_permissions_of_what_it_does(
    quick: Stage, app: FakeApp, missing: str, *, with_secrets: bool
) -> None:
    app.change(spec=spec_of(instances=2))
    await quick.end(await quick.order(app))
    narrow = quick.signer.user(permissions=DEVELOPER - {missing})
    before = app.versions
    for dry in (True, False):
        refused = await refusal(quick.roll_back(1, with_secrets=with_secrets, validate_only=dry, me=narrow))
        assert refused[0] == "PERMISSION_DENIED"
        assert missing in refused[2]
    assert app.versions == before
    assert len(await quick.all_releases()) == 3
    assert (await quick.roll_back(1, with_secrets=with_secrets)).spec_changed


async def test_it_asks_for_nothing_more(quick: Stage, app: FakeApp) -> None:
    await quick.end(await quick.set(app, COLOUR="red"))
    narrow = quick.signer.user(permissions=frozenset({"releases.write", "config.write"}))
    made = await quick.roll_back(2, me=narrow)
    assert actions(made) == {"COLOUR": CHANGED}
    unchanged = quick.signer.user(permissions=frozenset({"releases.write"}), token_id="t2")
    assert actions(await quick.roll_back(2, me=unchanged)) == {}


async def test_names_of_secrets_are_told_to_who_may_list_them(quick: Stage, app: FakeApp) -> None:
    narrow = quick.signer.user(permissions=DEVELOPER - {"secrets.list"})
    for answer in (
        await quick.roll_back(1, with_secrets=True, validate_only=True, me=narrow),
        await quick.roll_back(1, with_secrets=True, me=narrow),
    ):
        assert (set(actions(answer)), answer.hidden_changes) == ({"COLOUR", "ADDED"}, 1)
        assert b"KEY" not in answer.SerializeToString()
    assert answer.release.hidden_changes == 1


async def test_what_broke_off_is_finished_by_a_repeat(quick: Stage, app: FakeApp) -> None:
    """Secrets goes away when config has been restored; then somebody sets what config had back already."""
    quick.variables.hold_answer["restore_config"] = asyncio.Event()
    rolling = asyncio.create_task(quick.roll_back(1, request_id="rollback-both", with_secrets=True))
    for count in (1, 2):  # the preview, and the restoring
        await until(lambda: quick.variables.calls.count("restore_config") == count)  # noqa: B023  # awaited at once
        if count == 2:
            quick.variables.away.add("secrets")
        quick.variables.hold_answer["restore_config"].set()
        quick.variables.hold_answer["restore_config"] = asyncio.Event()
    quick.variables.hold_answer.clear()
    assert (await refusal(rolling))[0] == "UNAVAILABLE"
    assert (app.variables["COLOUR"], app.values["KEY"]) == ("blue", "second")
    quick.variables.away.clear()
    await quick.set(app, COLOUR="newest")
    made = await quick.roll_back(1, request_id="rollback-both", with_secrets=True)
    assert set(actions(made)) == {"COLOUR", "ADDED", "KEY"}
    await quick.end(made.release.number)
    assert quick.runtime.runs(app.key) == {"COLOUR": "newest", "KEY": "first"}, "what was done once is not done again"


async def test_twenty_equal_requests_at_once_get_twenty_equal_answers(quick: Stage, app: FakeApp) -> None:
    answers = await asyncio.gather(
        *(persistently(lambda: quick.roll_back(1, request_id="twenty-times", with_secrets=True)) for _ in range(20))
    )
    assert answers == [answers[0]] * 20
    await quick.end(answers[0].release.number)
    assert len(await quick.all_releases()) == 3


async def test_a_rollback_that_fails_is_taken_back(quick: Stage, app: FakeApp) -> None:
    quick.runtime.fail = lambda variables: variables["COLOUR"] == "blue"
    failed = await quick.end((await quick.roll_back(1)).release.number)
    assert (failed.reverted_to, sorted(failed.reverted_names)) == (2, ["ADDED", "COLOUR"])
    await quick.end(failed.revert_release)
    assert quick.runtime.runs(app.key) == app.variables | {"KEY": "second"}
    assert app.variables == {"COLOUR": "green", "ADDED": "1"}


async def test_a_token_of_a_namesake_may_nothing(quick: Stage, app: FakeApp) -> None:
    """It was limited to an app that had this name before."""
    theirs = quick.signer.user(apps=frozenset({("web", "of-before")}))
    mine = quick.signer.user(apps=frozenset({("web", "a1")}), token_id="t2")
    users = quick.users
    for ask in (
        lambda me: quick.get(1, me=me),
        lambda me: quick.create(validate_only=True, me=me),
        lambda me: quick.roll_back(1, validate_only=True, me=me),
        lambda me: quick.watch(1, me=me),
        lambda me: users.ListReleases(releaser_pb2.ListReleasesRequest(app="web"), metadata=me),
        lambda me: users.ListInstances(releaser_pb2.ListInstancesRequest(app="web"), metadata=me),
    ):
        assert (await refusal(ask(theirs)))[0] == "PERMISSION_DENIED"
        await ask(mine)
