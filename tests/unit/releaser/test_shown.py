"""Releases as messages: who may not list secrets learns no name of one, by any field, and how many there are."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from paas.releaser.v1 import releaser_pb2

from paaskit.changes import Action
from paaskit.release_order import ReleasedChange
from services.releaser.by_hand.rollback import WentBack
from services.releaser.domain import GroupRef, Kind, Member, Pin, Release, State, Versions
from services.releaser.shown import Sight, merged, release_to, rollback_to

RELEASE = Release(
    number=3,
    state=State.FAILED,
    kind=Kind.CHANGE,
    description="Set HUSH",
    actor="user:ada@example.com",
    created_at=datetime(2026, 5, 4, tzinfo=UTC),
    reverted_names=("A",),
    reverted_secrets=("HUSH",),
    reverted_to=2,
)
ALL, SOME = Sight(may_list_secrets=True), Sight(may_list_secrets=False)


def change(name: str, action: Action = Action.CHANGED, *, secret: bool = False) -> ReleasedChange:
    return ReleasedChange(name=name, action=action, secret=secret, actor="user:ada@example.com")


def test_names_of_secrets_are_hidden_and_counted() -> None:
    release = replace(RELEASE, changes=(change("A"), change("HUSH", secret=True)))
    told = release_to(release, SOME)
    assert b"HUSH" not in told.SerializeToString()
    assert ([each.name for each in told.changes], list(told.reverted_names), told.hidden_changes) == (["A"], ["A"], 1)
    # A is shown; HUSH, which was changed and is taken back, is one that is not.
    told = release_to(release, ALL)
    assert (list(told.reverted_names), told.description, told.hidden_changes) == (["A", "HUSH"], "Set HUSH", 0)


@pytest.mark.parametrize(
    ("kind", "changes", "description"),
    [
        (Kind.CHANGE, (), "A change"),  # from before a release knew what it was for
        (Kind.CHANGE, (change("HUSH", secret=True),), "A change"),
        (Kind.CHANGE, (change("A"),), "Set HUSH"),
        (Kind.MANUAL, (change("A"), change("HUSH", secret=True)), "Release the draft"),
        (Kind.MANUAL, (), "Set HUSH"),
        (Kind.ROLLBACK, (change("HUSH", secret=True),), "Set HUSH"),  # says only what it goes back to
    ],
)
def test_a_description_that_may_name_a_secret_is_replaced(
    kind: Kind, changes: tuple[ReleasedChange, ...], description: str
) -> None:
    told = release_to(replace(RELEASE, kind=kind, changes=changes), SOME)
    assert told.description == description


def test_what_is_not_there_is_unset_and_not_zero() -> None:
    told = release_to(replace(RELEASE, reverted_to=None), ALL)
    for name in ("config_version", "secrets_version", "superseded_by", "reverted_to", "revert_release"):
        assert not told.HasField(name)
    assert not told.HasField("source_release")
    told = release_to(replace(RELEASE, versions=Versions(config=1)), ALL)
    assert (told.config_version, told.HasField("secrets_version"), told.reverted_to) == (1, False, 2)


def test_a_name_that_moves_between_config_and_secrets_is_changed() -> None:
    gone, come = change("A", Action.REMOVED), change("A", Action.ADDED, secret=True)
    assert merged([gone, come, change("B", Action.ADDED), change("")]) == {"A": Action.CHANGED, "B": Action.ADDED}
    told = rollback_to(WentBack(changes=(gone, come, change("")), gone_groups=("shared",)), SOME)
    assert ([(each.name, each.action) for each in told.changes], told.hidden_changes, told.spec_changed) == (
        [("A", 3)],
        1,
        True,
    )
    assert list(told.gone_groups) == ["shared"]


SHARED = Pin(group=GroupRef(group_id="g1", name="shared"), versions=Versions(config=3))
OF_GROUP = replace(
    RELEASE,
    message="v2 of web failed: It broke.",
    stopped_by="id-web",
    members=(
        Member(app_id="id-api", app="api", release=4, state=State.SUCCEEDED),
        Member(app_id="id-web", app="web", release=2, state=State.FAILED),
        Member(app_id="id-worker", app="worker"),
    ),
)


def test_releases_of_apps_that_may_not_be_seen_are_counted() -> None:
    told = release_to(OF_GROUP, replace(ALL, app_ids=frozenset({"id-api", "g1"})))
    assert [(each.app, each.release, each.state) for each in told.members] == [("api", 4, releaser_pb2.STATE_SUCCEEDED)]
    assert (told.hidden_members, told.message) == (2, "A release of an app that you may not see failed.")
    assert b"web" not in told.SerializeToString()
    told = release_to(OF_GROUP, replace(ALL, app_ids=frozenset({"id-web"})))
    assert (told.hidden_members, told.message) == (2, "v2 of web failed: It broke.")
    assert (len(release_to(OF_GROUP, ALL).members), release_to(OF_GROUP, ALL).hidden_members) == (3, 0)


@pytest.mark.parametrize(
    ("undo_due", "state"), [(True, releaser_pb2.STATE_QUEUED), (False, releaser_pb2.STATE_UNSPECIFIED)]
)
def test_an_app_whose_turn_did_not_come_waits_no_longer_than_its_group(*, undo_due: bool, state: int) -> None:
    worker = release_to(replace(OF_GROUP, undo_due=undo_due), ALL).members[2]
    assert (worker.app, worker.HasField("release"), worker.state) == ("worker", False, state)


@pytest.mark.parametrize(
    ("sight", "description"),
    [
        (ALL, "shared v3: Set HUSH"),
        (SOME, "shared v3"),
        (replace(ALL, app_ids=frozenset({"g1", "id-web"})), "shared v3: Set HUSH"),
        (replace(ALL, app_ids=frozenset({"id-web"})), "shared v3"),
        (replace(ALL, app_ids=frozenset()), "shared v3"),
    ],
)
def test_what_changed_in_a_group_is_for_those_who_may_see_the_group(sight: Sight, description: str) -> None:
    release = replace(RELEASE, kind=Kind.GROUP, description="shared v3: Set HUSH", groups=(SHARED,))
    told = release_to(release, sight)
    assert told.description == description
    assert [(each.group, each.config_version, each.HasField("secrets_version")) for each in told.groups] == [
        ("shared", 3, False)
    ]
