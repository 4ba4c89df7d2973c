"""Which apps a shared group's release is for, as far as that shows without asking for values."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from paaskit.changes import Action
from paaskit.release_order import ReleasedChange
from services.releaser.contracts import GroupUse
from services.releaser.domain import AppKey, Kind, Release, State
from services.releaser.work.groups.reach import Reached, candidates, changed_names, may_be_hidden

ADA = "user:ada@example.com"
RELEASE = Release(
    number=3,
    state=State.RUNNING,
    kind=Kind.CHANGE,
    description="Set A",
    actor=ADA,
    created_at=datetime(2026, 5, 4, tzinfo=UTC),
)


def release(
    *names: str, kind: Kind = Kind.CHANGE, back: tuple[str, ...] = (), secrets: tuple[str, ...] = ()
) -> Release:
    changes = tuple(ReleasedChange(name=name, action=Action.CHANGED, secret=False, actor=ADA) for name in names)
    return replace(RELEASE, changes=changes, kind=kind, reverted_names=back, reverted_secrets=secrets)


def use(name: str, *own: str) -> GroupUse:
    return GroupUse(key=AppKey(tenant="acme", app_id=f"id-{name}"), app=name, own_names=frozenset(own))


API, NEW, WEB = use("api"), use("new"), use("web")
REACHED = Reached(
    since_good=[], good={"id-web": RELEASE}, running=frozenset({"id-new"}), had=frozenset({"id-api", "id-gone"})
)


def test_it_is_for_what_runs_or_is_about_to() -> None:
    assert candidates(RELEASE, [API, NEW, WEB], REACHED) == [NEW, WEB]


def test_taking_back_is_for_those_that_were_given_it_and_have_the_group_still() -> None:
    assert candidates(release(kind=Kind.REVERT), [API, NEW, WEB], REACHED) == [API]


@pytest.mark.parametrize(
    ("since_good", "names"),
    [
        ([release("A"), release("B")], {"A", "B"}),
        ([release("A", back=("C",), secrets=("K",)), release(kind=Kind.REVERT), release("B")], {"A", "B", "C", "K"}),
        ([release("A"), release(kind=Kind.MANUAL)], None),
        ([release()], None),
        ([], set()),
    ],
)
def test_what_changed_since_the_last_good_one(since_good: list[Release], names: set[str] | None) -> None:
    assert changed_names(since_good) == names


def test_an_app_may_have_all_that_changed_itself() -> None:
    assert may_be_hidden(use("web", "A", "B"), frozenset({"A"}))
    assert not may_be_hidden(use("web", "A"), frozenset({"A", "B"}))
    assert not may_be_hidden(use("web", "A"), None)
