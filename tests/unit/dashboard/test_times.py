"""Times in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dashboard.web.times import ago, dated, exact, until

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(seconds=4), "just now"),
        (timedelta(seconds=5), "5 seconds ago"),
        (timedelta(seconds=59), "59 seconds ago"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=25), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=45), "1 month ago"),
        (timedelta(days=800), "2 years ago"),
    ],
)
def test_how_long_ago(past: timedelta, words: str) -> None:
    assert ago(NOW - past, NOW) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=50), "in 50 seconds"),
        (timedelta(minutes=59, seconds=58), "in 1 hour"),
        (timedelta(hours=23), "in 23 hours"),
        (timedelta(days=1, hours=23, minutes=59), "in 2 days"),
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=89, hours=23), "in 90 days"),
        (timedelta(days=180), "in 6 months"),
        (timedelta(hours=-2), "2 hours ago"),
    ],
)
def test_what_is_to_come(span: timedelta, words: str) -> None:
    assert until(NOW + span, NOW) == words


def test_a_day_has_its_year_only_where_it_is_another() -> None:
    assert dated(datetime(2026, 3, 1, 7, 5, 9, tzinfo=UTC), NOW) == "1 Mar 07:05:09"
    assert dated(datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), NOW) == "31 Dec 2025 23:59:59"


def test_the_exact_one_is_in_utc() -> None:
    assert exact(datetime(2026, 11, 30, 13, 0, 1, 5, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-30T12:00:01Z"
