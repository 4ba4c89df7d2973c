"""Which Secrets of old releases may go."""

from typing import Any

from services.releaser.runtimes.kubernetes.history import no_longer_needed


def of(release: str) -> dict[str, Any]:
    return {"spec": {"template": {"metadata": {"labels": {"paas/release": release}}}}}


def test_the_newest_ten_stay() -> None:
    assert no_longer_needed(range(1, 14), release=13, good=12, replica_sets=[]) == [1, 2, 3]
    assert no_longer_needed(range(1, 11), release=10, good=9, replica_sets=[]) == []


def test_what_a_replica_set_refers_to_stays() -> None:
    assert no_longer_needed(range(1, 14), release=13, good=12, replica_sets=[of("2"), {}]) == [1, 3]


def test_the_last_good_one_stays_however_old() -> None:
    assert no_longer_needed(range(1, 14), release=13, good=1, replica_sets=[]) == [2, 3]


def test_the_one_that_runs_stays_however_old() -> None:
    assert no_longer_needed(range(1, 14), release=2, good=None, replica_sets=[]) == [1, 3]
