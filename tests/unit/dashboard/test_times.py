"""Times in words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dashboard.web.times import ago, exact, until

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


def test_what_is_to_come() -> None:
    assert until(NOW + timedelta(days=3), NOW) == "in 3 days"
    assert until(NOW - timedelta(hours=2), NOW) == "2 hours ago"


def test_the_exact_one_is_in_utc() -> None:
    assert exact(datetime(2026, 11, 30, 13, 0, 1, 5, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-30T12:00:01Z"
