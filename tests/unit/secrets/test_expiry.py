"""Ends of values and intervals of rotations: what a request may say, what comes of it, and when somebody is reminded.

The rules alone. What is stored, listed and told of it is in tests/integration/secrets/test_expiry.py and test_due.py.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from paaskit.errors import NotFound, Refused
from paaskit.redact import Plaintext
from paaskit.write_path import NoEvent
from services.secrets.rules import draft, live, way_back
from services.secrets.rules.expiry import (
    NO_TERMS,
    Asked,
    Terms,
    days_told,
    first_reminder,
    moved,
    next_reminder,
    of_new_value,
    violations,
)
from services.secrets.rules.stored import Kind
from services.secrets.upkeep.reminders import Reminder, decide
from tests.unit.secrets.snapshots import ADA, KEYS, MEANS, NOW, cause, entry, snapshot, staged

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
IN_90_DAYS = Terms(expires_at=NOW + 90 * DAY, span=90 * DAY)


def _pairs(**wanted: str) -> list[tuple[str, Plaintext]]:
    return [(name, Plaintext(value)) for name, value in wanted.items()]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (Asked(span=timedelta(0)), "expiry.span"),
        (Asked(span=timedelta(seconds=59)), "expiry.span"),
        (Asked(span=3660 * DAY + MOMENT), "expiry.span"),
        (Asked(at=NOW), "expiry.at"),
        (Asked(at=NOW - DAY), "expiry.at"),
        (Asked(at=NOW + 3660 * DAY + MOMENT), "expiry.at"),
        (Asked(rotate_every=timedelta(minutes=59)), "rotate_every"),
        (Asked(rotate_every=-DAY), "rotate_every"),
        (Asked(rotate_every=3661 * DAY), "rotate_every"),
    ],
)
def test_what_is_no_end_is_refused(asked: Asked, field: str) -> None:
    assert [each.field for each in violations(asked, NOW)] == [field]


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(never=True),
        Asked(span=timedelta(minutes=1)),
        Asked(span=3660 * DAY),
        Asked(at=NOW + MOMENT),
        Asked(rotate_every=timedelta(0)),
        Asked(rotate_every=timedelta(hours=1), at=NOW + 3660 * DAY),
    ],
)
def test_what_is_one_is_not(asked: Asked) -> None:
    assert list(violations(asked, NOW)) == []


def test_another_value_has_no_end_unless_it_is_said_and_keeps_the_interval() -> None:
    before = Terms(expires_at=NOW + DAY, span=90 * DAY, rotate_every=30 * DAY, rotate_at=NOW - DAY)
    assert of_new_value(Asked(), before, NOW) == Terms(rotate_every=30 * DAY, rotate_at=NOW + 30 * DAY)
    given = of_new_value(Asked(at=NOW + 5 * DAY, rotate_every=timedelta(0)), before, NOW)
    assert given == Terms(expires_at=NOW + 5 * DAY)
    assert of_new_value(Asked(span=DAY), NO_TERMS, NOW) == Terms(expires_at=NOW + DAY, span=DAY)


def test_an_end_is_moved_without_the_value_and_its_rotation_counts_from_when_it_was_stored() -> None:
    stored = NOW - 10 * DAY

    def terms(asked: Asked, before: Terms) -> Terms:
        return moved(asked, before, stored_at=stored, now=NOW)

    assert terms(Asked(span=DAY), IN_90_DAYS) == Terms(expires_at=NOW + DAY, span=DAY)
    assert terms(Asked(never=True), IN_90_DAYS) == NO_TERMS
    every = terms(Asked(rotate_every=30 * DAY), IN_90_DAYS)
    assert (every.expires_at, every.rotate_at) == (IN_90_DAYS.expires_at, stored + 30 * DAY)
    came_back = Terms(rotate_every=DAY, rotate_at=NOW - 99 * DAY)
    assert terms(Asked(at=NOW + DAY), came_back).rotate_at == NOW - 99 * DAY, "of a value older than its row"
    assert terms(Asked(rotate_every=timedelta(0)), came_back) == NO_TERMS


def test_a_value_that_is_set_anew_as_it_is_has_its_end_moved_and_no_release() -> None:
    now = snapshot(entry("SAME", terms=IN_90_DAYS), entry("KEY", terms=IN_90_DAYS))
    decision = live.set_secrets(now, MEANS, cause(), _pairs(SAME="old", KEY="new"), asked=Asked(span=DAY))
    assert decision.rows is not None
    assert {each.name: each.terms.expires_at for each in decision.rows.open} == {"KEY": NOW + DAY}
    assert decision.rows.terms == {"SAME": Terms(expires_at=NOW + DAY, span=DAY)}
    assert [(event.action, list(event.targets)) for event in decision.events] == [
        ("secrets.set", ["KEY"]),
        ("secrets.expire", ["SAME"]),
    ]
    assert decision.order is not None
    assert [each.name for each in decision.order.changes] == ["KEY"]
    assert decision.answer["kept"] == ["SAME"]
    only = live.set_secrets(now, MEANS, cause(), _pairs(SAME="old"), asked=Asked(span=DAY))
    assert only.rows is not None
    assert (only.order, only.rows.makes_version) == (None, False)
    assert [event.action for event in only.events] == ["secrets.expire"]


def test_an_end_that_is_so_already_is_no_change() -> None:
    now = snapshot(entry("SAME", terms=Terms(expires_at=NOW + DAY)))
    decision = live.expire(now, MEANS, cause(), name="SAME", asked=Asked(at=NOW + DAY))
    assert (list(decision.events), decision.no_event, decision.answer["changed"]) == ([], NoEvent.ALREADY_SO, False)
    set_anew = live.set_secrets(now, MEANS, cause(), _pairs(SAME="old"))
    assert set_anew.rows is not None
    assert set_anew.rows.terms == {}, "a set that says nothing of an end leaves the one of a value that stands"


def test_only_a_secret_that_is_live_has_an_end() -> None:
    now = snapshot(entry("DATABASE_URL", kind=Kind.MANAGED), staged("NEW"))
    with pytest.raises(Refused):
        live.expire(now, MEANS, cause(), name="DATABASE_URL", asked=Asked(never=True))
    with pytest.raises(NotFound):
        live.expire(now, MEANS, cause(), name="NEW", asked=Asked(never=True))


@pytest.mark.parametrize(
    ("before", "asked", "ends"),
    [
        (IN_90_DAYS, Asked(), NOW + 90 * DAY),
        (IN_90_DAYS, Asked(span=DAY), NOW + DAY),
        (IN_90_DAYS, Asked(never=True), None),
        (Terms(expires_at=NOW + DAY), Asked(), None),
        (NO_TERMS, Asked(), None),
    ],
    ids=["the span again", "another", "none", "a moment is not repeated", "none before"],
)
def test_a_rotation_repeats_a_span(before: Terms, asked: Asked, ends: datetime | None) -> None:
    now = snapshot(entry("KEY", terms=before))
    how: dict[str, Any] = {"name": "KEY", "plaintext": Plaintext("new"), "overlap": timedelta(0), "asked": asked}
    rows = live.rotate(now, MEANS, cause(), **how).rows
    assert rows is not None
    assert [each.terms.expires_at for each in rows.open] == [ends]
    in_draft = draft.stage_rotation(now, MEANS, cause(), **how).rows
    assert in_draft is not None
    later = snapshot(entry("KEY", terms=before), *in_draft.stage)
    released = draft.release(later, MEANS, cause(), revision=9, replace_newer=True).rows
    assert released is not None
    assert [each.terms.expires_at for each in released.open] == [ends], "a draft carries it along"


def test_what_was_reminded_of_goes_with_the_value() -> None:
    now = snapshot(entry("KEY", terms=IN_90_DAYS), entry("GONE", terms=IN_90_DAYS), entry("OTHER"))
    rows = live.set_secrets(now, MEANS, cause(), _pairs(KEY="new", OTHER="new")).rows
    assert rows is not None
    assert (rows.reminders, rows.end_reminders) == ({}, ("KEY",))
    rows = live.unset(now, MEANS, cause(), ["GONE", "OTHER"], ignore_missing=False).rows
    assert rows is not None
    assert rows.end_reminders == ("GONE",)
    rows = live.expire(now, MEANS, cause(), name="KEY", asked=Asked(never=True)).rows
    assert rows is not None
    assert rows.end_reminders == ("KEY",)
    rows = live.expire(now, MEANS, cause(), name="OTHER", asked=Asked(span=40 * DAY)).rows
    assert rows is not None
    assert (rows.reminders, rows.end_reminders) == ({"OTHER": NOW + 10 * DAY}, ())


def test_a_value_that_comes_back_has_the_end_it_had() -> None:
    old = entry("KEY", "first", version=2, terms=IN_90_DAYS)
    now = snapshot(entry("KEY"), at={2: [old]})
    plan, _ = way_back.plan(now, KEYS, way_back.to_version(2)(now, KEYS), (), now=NOW)
    assert [each.terms for each in plan.open] == [IN_90_DAYS]
    assert plan.reminders == {"KEY": NOW + 60 * DAY}


@pytest.mark.parametrize(
    ("left", "told", "after"),
    [
        (30 * DAY, 30, 7),
        (7 * DAY + MOMENT, 30, 7),
        (7 * DAY, 7, 1),
        (5 * DAY, 7, 1),
        (DAY, 1, 0),
        (MOMENT, 1, 0),
        (timedelta(0), 0, None),
        (-100 * DAY, 0, None),
    ],
)
def test_the_reminder_that_is_due_is_the_nearest_and_none_is_made_up_for(
    left: timedelta, told: int, after: int | None
) -> None:
    ends = NOW + left
    assert days_told(ends, NOW) == told
    assert next_reminder(ends, NOW) == (None if after is None else ends - after * DAY)


def test_each_reminder_is_told_once_on_the_way_to_an_end() -> None:
    ends = NOW + 45 * DAY
    said, due = list[int](), first_reminder(ends)
    while True:
        said.append(days_told(ends, due))
        following = next_reminder(ends, due)
        if following is None:
            break
        assert following > due
        due = following
    assert (said, due) == ([30, 7, 1, 0], ends)


def test_a_reminder_is_an_event_with_app_and_name_and_no_reminder_without_an_end() -> None:
    gone = Reminder(app_id="a1", app="web", name="GONE", version=0, expires_at=None)
    soon = Reminder(app_id="a1", app="web", name="KEY", version=5, expires_at=NOW + 5 * DAY)
    past = Reminder(app_id="a2", app="shop", name="OLD", version=6, expires_at=NOW - DAY)
    decision = decide([gone, soon, past], actor=ADA, now=NOW)
    assert decision.rows is not None
    assert [(each.name, due) for each, due in decision.rows.later] == [("KEY", NOW + 4 * DAY)]
    assert [each.name for each in decision.rows.over] == ["GONE", "OLD"]
    assert [
        (each.action, each.app, each.app_id, each.targets, each.version, each.reason) for each in decision.events
    ] == [
        ("secrets.expiring", "web", "a1", ["KEY"], 5, "within 7 days: ends 2026-05-09T12:00:00Z"),
        ("secrets.expired", "shop", "a2", ["OLD"], 6, "ended 2026-05-03T12:00:00Z"),
    ]
    nothing = decide([gone], actor=ADA, now=NOW)
    assert (list(nothing.events), nothing.no_event) == ([], NoEvent.ALREADY_SO)
