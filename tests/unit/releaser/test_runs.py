"""Whose values may be in which part of an instance's log. Leaves out the files (test_contract)."""

from services.releaser.runtimes.local.runs import Part, Run, Runs, part_of


def part(runs: Runs) -> Part | None:
    return part_of(runs.known().get(1, ()))


def test_nothing_is_known_of_a_log_that_nobody_wrote() -> None:
    assert part(Runs({})) is None


def test_what_older_releases_wrote_is_not_shown_once_they_are_gone() -> None:
    runs = Runs({})
    runs.begin(1, 7, size=0)
    assert part(runs) == Part(start=0, releases=(7,))
    runs.begin(1, 8, size=100)
    assert part(runs) == Part(start=0, releases=(7, 8)), "both write"
    runs.end(1, 7, size=130)
    assert part(runs) == Part(start=100, releases=(7, 8)), "the older one wrote into what is shown"
    runs.begin(1, 9, size=200)
    runs.end(1, 8, size=200)
    assert part(runs) == Part(start=200, releases=(9,)), "it ended before"


def test_one_that_was_mended_goes_on() -> None:
    runs = Runs({})
    runs.begin(1, 7, size=10)
    runs.end(1, 7, size=50)
    assert part(runs) == Part(start=10, releases=(7,)), "why it ended is what people look for"
    runs.begin(1, 7, size=50)
    assert part(runs) == Part(start=10, releases=(7,))
    assert runs.running() == {(1, 7)}


def test_one_that_failed_leaves_the_older_one_running() -> None:
    runs = Runs({})
    runs.begin(1, 7, size=0)
    runs.begin(1, 8, size=100)
    runs.end(1, 8, size=150)
    assert part(runs) == Part(start=0, releases=(7, 8))
    runs.begin(1, 9, size=300)
    runs.end(1, 7, size=310)
    assert part(runs) == Part(start=300, releases=(7, 9)), "8 wrote nothing there"


def test_a_log_that_was_emptied_begins_anew_with_whoever_may_have_written_since() -> None:
    runs = Runs({})
    runs.begin(1, 7, size=0)
    runs.begin(1, 8, size=1000)
    runs.end(1, 7, size=2000)
    runs.shortened(1, size=40)
    assert part(runs) == Part(start=1, releases=(7, 8)), "it may begin within a line"
    runs.begin(1, 9, size=500)
    runs.end(1, 8, size=510)
    assert part(runs) == Part(start=500, releases=(8, 9))


def test_instances_that_are_no_more_are_forgotten() -> None:
    runs = Runs({1: [Run(release=7, start=0)], 2: [Run(release=7, start=0)]})
    runs.forget({1})
    assert set(runs.known()) == {1}
