"""Releases as messages: who may not list secrets learns no name of one, by any field, and how many there are."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from paaskit.changes import Action
from paaskit.release_order import ReleasedChange
from services.releaser.domain import Kind, Release, State, Versions
from services.releaser.shown import merged, release_to, rollback_to

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


def change(name: str, action: Action = Action.CHANGED, *, secret: bool = False) -> ReleasedChange:
    return ReleasedChange(name=name, action=action, secret=secret, actor="user:ada@example.com")


def test_names_of_secrets_are_hidden_and_counted() -> None:
    release = replace(RELEASE, changes=(change("A"), change("HUSH", secret=True)))
    told = release_to(release, may_list_secrets=False)
    assert b"HUSH" not in told.SerializeToString()
    assert ([each.name for each in told.changes], list(told.reverted_names), told.hidden_changes) == (["A"], ["A"], 1)
    # A is shown; HUSH, which was changed and is taken back, is one that is not.
    told = release_to(release, may_list_secrets=True)
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
    told = release_to(replace(RELEASE, kind=kind, changes=changes), may_list_secrets=False)
    assert told.description == description


def test_what_is_not_there_is_unset_and_not_zero() -> None:
    told = release_to(replace(RELEASE, reverted_to=None), may_list_secrets=True)
    for name in ("config_version", "secrets_version", "superseded_by", "reverted_to", "revert_release"):
        assert not told.HasField(name)
    assert not told.HasField("source_release")
    told = release_to(replace(RELEASE, versions=Versions(config=1)), may_list_secrets=True)
    assert (told.config_version, told.HasField("secrets_version"), told.reverted_to) == (1, False, 2)


def test_a_name_that_moves_between_config_and_secrets_is_changed() -> None:
    gone, come = change("A", Action.REMOVED), change("A", Action.ADDED, secret=True)
    assert merged([gone, come, change("B", Action.ADDED), change("")]) == {"A": Action.CHANGED, "B": Action.ADDED}
    told = rollback_to(None, [gone, come, change("")], may_list_secrets=False)
    assert ([(each.name, each.action) for each in told.changes], told.hidden_changes, told.spec_changed) == (
        [("A", 3)],
        1,
        True,
    )
