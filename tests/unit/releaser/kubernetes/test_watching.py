"""What a watch says, and that what it says late changes nothing."""

from typing import Any

from services.releaser.cluster import Cluster
from services.releaser.runtimes.kubernetes.watching import Watching
from tests.unit.releaser.kubernetes.objects import deployment


def watching(told: list[dict[str, Any]]) -> Watching:
    return Watching(Cluster.__new__(Cluster), changed=told.append)  # type: ignore[arg-type]  # a list takes any object


def test_what_comes_late_of_before_a_write_is_passed_over() -> None:
    told: list[dict[str, Any]] = []
    seen = watching(told)
    seen.note(deployment(generation=3, observed=3))
    seen.note(deployment(generation=4, observed=3, updated=0))
    seen.note(deployment(generation=3, observed=3))
    standing = seen.newest("u")
    assert standing is not None
    assert (standing.generation, standing.complete) == (4, False)


async def test_who_waits_is_woken_by_news_and_not_by_what_is_old() -> None:
    seen = watching([])
    seen.note(deployment(generation=4, observed=3))
    with seen.expect("u") as news:
        seen.note(deployment(generation=3))
        assert not news._happened.is_set()
        seen.note(deployment(generation=4, observed=4))
        assert news._happened.is_set()


def test_drift_is_looked_for_where_the_spec_changed_or_a_rollout_ended() -> None:
    told: list[dict[str, Any]] = []
    seen = watching(told)
    seen.note(deployment(generation=3, observed=2))
    seen.note(deployment(generation=3, observed=3, updated=1))
    assert len(told) == 1
    seen.note(deployment(generation=3, observed=3))
    seen.note(deployment(generation=4, observed=3))
    assert len(told) == 3
