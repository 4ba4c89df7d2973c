"""What is said and kept of a failed release's change. That it is taken back is in tests/integration/releaser."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from paaskit.changes import Action, NameChange
from paaskit.release_order import ReleasedChange
from services.releaser.domain import GroupRef, Kind, Pin, Release, State, Versions
from services.releaser.work.undo import TakenBack, settlement_of, why_kept

GOOD = Release(
    number=3,
    state=State.SUCCEEDED,
    kind=Kind.CHANGE,
    description="Set A",
    actor="user:ada@example.com",
    created_at=datetime(2026, 5, 4, tzinfo=UTC),
    versions=Versions(config=4, secrets=1),
)
FAILED = replace(GOOD, number=5, state=State.FAILED, message="It broke.", versions=Versions(config=6, secrets=1))
BACK = Versions(config=7, secrets=1)
PIN = Pin(group=GroupRef(group_id="g1", name="shared"), versions=Versions(config=2))


def changed(*names: str, secrets: tuple[str, ...] = ()) -> list[ReleasedChange]:
    """What the failed release changed."""
    return [
        ReleasedChange(name=name, action=Action.CHANGED, secret=name in secrets, actor="user:ada@example.com")
        for name in (*names, *secrets)
    ]


def taken(*names: str) -> TakenBack:
    """What config took back."""
    return TakenBack(versions=BACK, config=tuple(NameChange(name, Action.CHANGED) for name in names))


@pytest.mark.parametrize(
    ("failed", "good", "why"),
    [
        (replace(FAILED, kind=Kind.REVERT), GOOD, "It was a revert itself, so nothing more was reverted."),
        (FAILED, None, "No earlier release succeeded, so there is nothing to revert to."),
        (replace(FAILED, versions=Versions()), GOOD, "Nothing of it was applied, so nothing was reverted."),
        (replace(FAILED, versions=GOOD.versions), GOOD, "It has the same variables as v3, so nothing was reverted."),
        (FAILED, GOOD, None),
        (replace(FAILED, versions=Versions(config=4)), GOOD, None),
        (replace(FAILED, kind=Kind.GROUP, versions=GOOD.versions), GOOD, ""),
        (
            replace(FAILED, versions=GOOD.versions, groups=(PIN,)),
            GOOD,
            "What is the app's own is as in v3, so nothing of that was reverted.",
        ),
    ],
)
def test_why_nothing_is_looked_at(failed: Release, good: Release | None, why: str | None) -> None:
    assert why_kept(failed, good) == why


def test_what_was_taken_back_is_kept_apart_by_kind() -> None:
    both = replace(taken("A"), secrets=(NameChange("KEY", Action.REMOVED),))
    settled = settlement_of(FAILED, GOOD, both, changes=changed("A", secrets=("KEY",)), newer=None)
    assert (settled.message, settled.reverted_to, settled.versions) == ("It broke.", 3, BACK)
    assert (settled.names, settled.secrets) == (("A",), ("KEY",))


@pytest.mark.parametrize(
    ("left", "secrets", "words"),
    [
        (("B",), (), "B"),
        (("B", "C"), (), "B and C"),
        (("B", "C", "D"), (), "B, C and D"),
        ((), ("KEY",), "a secret"),
        (("B",), ("KEY", "OTHER"), "B and 2 secrets"),
        (tuple("BCDEFGHIJK"), (), "B, C, D, E, F, G, H, I and 2 more"),
    ],
)
def test_what_stands_is_told_and_secrets_are_counted(
    left: tuple[str, ...], secrets: tuple[str, ...], words: str
) -> None:
    changes = changed("A", *left, secrets=secrets)
    settled = settlement_of(FAILED, GOOD, taken("A"), changes=changes, newer=None)
    assert settled.message == f"It broke. A newer change of {words} stands."
    nothing = settlement_of(FAILED, GOOD, taken(), changes=changes[1:], newer=6)
    assert nothing.message == f"It broke. A newer change of {words} stands, so nothing was reverted; v6 is next."
    assert nothing.reverted_to is None


def test_a_spec_alone_is_something_to_go_back_to() -> None:
    spec = replace(taken(), spec=True)
    assert settlement_of(FAILED, GOOD, spec, changes=changed(""), newer=None).reverted_to == 3


def test_a_refusal_is_told_without_names() -> None:
    refused = replace(taken(), refused="Not all of it could be taken back (GONE).")
    settled = settlement_of(FAILED, GOOD, refused, changes=changed("A"), newer=None)
    assert (settled.message, settled.reverted_to) == ("It broke. Not all of it could be taken back (GONE).", None)
