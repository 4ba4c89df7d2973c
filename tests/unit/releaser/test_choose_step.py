"""What happens to an app next, from how it stands. Leaves out who may act on it (tests/integration/releaser)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.releaser.domain import Kind, Release, State, Versions
from services.releaser.work.steps import Nothing, Remove, Run, Standing, Step, Undo, Wait, choose_step


def release_of(number: int, state: State = State.QUEUED, *, undo_due: bool = False) -> Release:
    return Release(
        number=number,
        state=state,
        kind=Kind.CHANGE,
        description="Set A",
        actor="user:ada@example.com",
        created_at=datetime(2026, 5, 4, tzinfo=UTC),
        undo_due=undo_due,
    )


Q1, Q2, Q3 = release_of(1), release_of(2), release_of(3)
RUNNING = release_of(1, State.RUNNING)
BROKEN = release_of(1, State.FAILED, undo_due=True)


@pytest.mark.parametrize(
    ("open_releases", "since_start", "step"),
    [
        ([], None, Nothing()),
        ([Q1], None, Run(release=Q1)),
        ([Q3], None, Run(release=Q3)),
        ([Q3], 0.25, Wait(seconds=0.75)),
        ([Q2], 1.0, Run(release=Q2)),
        ([RUNNING], 0.1, Run(release=RUNNING, resumed=True)),
        ([RUNNING, Q3], 9.0, Run(release=RUNNING, resumed=True)),
        ([BROKEN], 0.1, Undo(release=BROKEN)),
        ([BROKEN, Q3], 0.1, Undo(release=BROKEN)),
    ],
)
def test_what_was_begun_is_finished_then_the_newest_is_taken(
    open_releases: list[Release], since_start: float | None, step: Step
) -> None:
    standing = Standing(removal=False, open_releases=open_releases, since_start=since_start)
    assert choose_step(standing, spacing_seconds=1.0) == step


@pytest.mark.parametrize(
    ("stood_for", "since_start", "step"),
    [
        (4, 0.25, Wait(seconds=0.75)),
        (5, 0.25, Wait(seconds=2.75)),
        (5, 3.0, Run(release=Q2)),
        (5, None, Run(release=Q2)),
    ],
)
def test_an_app_that_changes_faster_than_it_is_released_is_released_less_often(
    stood_for: int, since_start: float | None, step: Step
) -> None:
    standing = Standing(removal=False, open_releases=[Q2], since_start=since_start, stood_for=stood_for)
    assert choose_step(standing, spacing_seconds=1.0) == step


def test_a_destroyed_app_is_removed_whatever_is_open() -> None:
    standing = Standing(removal=True, open_releases=[RUNNING, Q2], since_start=0.0)
    assert choose_step(standing, spacing_seconds=1.0) == Remove()


def test_what_was_ordered_does_not_count_in_an_app_that_is_not_settled() -> None:
    """An order that named no version may be for more than the newest has."""
    newest = replace(Q2, versions=Versions(config=3, secrets=1))
    standing = Standing(removal=False, open_releases=[newest], since_start=None, settled=False)
    assert choose_step(standing, spacing_seconds=1.0) == Run(release=Q2)
    begun = replace(newest, state=State.RUNNING)
    standing = Standing(removal=False, open_releases=[begun], since_start=0.1, settled=False)
    assert choose_step(standing, spacing_seconds=1.0) == Run(release=begun, resumed=True), "what runs stays what it is"
