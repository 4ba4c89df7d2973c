"""Which of a group's releases lie between two of an app: found however old they are, and with how many questions.

Leaves out what they did (test_releases_of_groups) and the page that shows it (tests/e2e/test_dashboard_groups).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paas.releaser.v1.releaser_pb2 import Release

from dashboard.releases.between import Between, between
from dashboard.releases.shared import Moved, is_later, is_new

_LISTED = 50


@dataclass
class _Group:
    """A group with these releases, the first is number 1. `asked` is which numbers somebody asked for, each time."""

    releases: Sequence[Release]
    asked: list[list[int]] = field(default_factory=list)

    async def newest(self) -> Sequence[Release]:
        return list(reversed(self.releases))[:_LISTED]

    async def numbered(self, numbers: Sequence[int]) -> Sequence[Release]:
        self.asked.append(list(numbers))
        return [self.releases[number - 1] for number in numbers]

    async def between(self, moved: Moved) -> Between:
        return await between(moved, newest=self.newest, numbered=self.numbered)


def group_of(count: int) -> _Group:
    """A group each release of which came with another version of its config vars, and every tenth with a secret."""
    return _Group([Release(number=n, config_version=n + 1, secrets_version=n // 10) for n in range(1, count + 1)])


def moved_on(before: int, now: int) -> Moved:
    """A group whose config vars went on, as of releases of `group_of` by their numbers."""
    return Moved(group="shared", config=(before + 1, now + 1), secrets=(before // 10, now // 10))


def numbers(found: Between) -> list[int]:
    return [each.number for each in found.releases]


async def test_among_the_newest_nothing_more_is_asked_for() -> None:
    group = group_of(400)
    found = await group.between(moved_on(397, 399))
    assert (numbers(found), found.is_whole, group.asked) == ([399, 398], True, [])


@pytest.mark.parametrize("now", [1, 2, 3, 11, 349, 350, 351, 5000])
async def test_older_ones_are_found_by_halves(now: int) -> None:
    group = group_of(10_000)
    found = await group.between(moved_on(now - 1, now))
    assert (numbers(found), found.is_whole) == ([now], True)
    assert len(group.asked) <= 15, "10,000 are halved 14 times, and then one is asked for"


async def test_some_may_be_among_the_newest_and_some_before() -> None:
    group = group_of(400)
    found = await group.between(moved_on(345, 352))
    assert (numbers(found), found.is_whole) == ([352, 351, 350, 349, 348, 347, 346], True)
    assert len(group.asked) == 1


async def test_of_very_many_the_newest_are_looked_at_and_it_is_said() -> None:
    group = group_of(400)
    found = await group.between(moved_on(100, 300))
    assert (numbers(found), found.is_whole) == (list(range(300, 200, -1)), False)
    assert sum(map(len, group.asked)) <= 110
    whole = await group.between(moved_on(200, 300))
    assert (len(whole.releases), whole.is_whole) == (100, True)


async def test_a_group_without_a_release_has_none_in_between() -> None:
    found = await _Group([]).between(moved_on(0, 1))
    assert (numbers(found), found.is_whole) == ([], True)


raised = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), max_size=160)


@given(raised, st.tuples(*[st.integers(0, 160)] * 4))
async def test_it_finds_what_looking_at_all_finds(by: list[tuple[int, int]], ends: tuple[int, ...]) -> None:
    """Versions that go up by some, by none, or of one kind alone."""
    releases: list[Release] = []
    for number, (more_config, more_secrets) in enumerate(by, 1):
        last = releases[-1] if releases else Release()
        config, secrets = last.config_version + more_config, last.secrets_version + more_secrets
        releases.append(Release(number=number, config_version=config, secrets_version=secrets))
    (c0, c1), (s0, s1) = sorted(ends[:2]), sorted(ends[2:])
    moved = Moved(group="shared", config=(c0, c1), secrets=(s0, s1))
    found = await _Group(releases).between(moved)
    wanted = [each.number for each in reversed(releases) if is_new(each, moved) and not is_later(each, moved)]
    assert (numbers(found), found.is_whole) == (wanted[:100], len(wanted) <= 100)
