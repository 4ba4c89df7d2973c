"""Which release a variable's value runs with, and in how many instances.

Leaves out how it is shown (tests/e2e).
"""

import pytest
from paas.releaser.v1 import releaser_pb2
from paas.releaser.v1.releaser_pb2 import Instance, Release

from dashboard.variables.carried import NOT_YET, Carried, Carriers

GOOD, FAILED, RUNNING = releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED, releaser_pb2.STATE_RUNNING


def release(
    number: int, *, config: int, secrets: int | None = None, state: releaser_pb2.State.ValueType = GOOD
) -> Release:
    """A release of these versions."""
    return Release(number=number, config_version=config, secrets_version=secrets, state=state)


def running(*releases: int, state: str = "ready") -> list[Instance]:
    """Instances, each with the release it runs with."""
    return [Instance(index=index, release=each, state=state) for index, each in enumerate(releases, 1)]


def test_a_value_runs_with_every_release_since_its_own() -> None:
    carriers = Carriers([release(3, config=7, secrets=2), release(2, config=5)], running(3, 3))
    assert [carriers.of_config(version) for version in (1, 5, 7)] == [Carried(release=3, instances=2)] * 3
    assert carriers.of_secret(2) == Carried(release=3, instances=2)


def test_a_newer_value_is_not_released_yet() -> None:
    releases = [release(3, config=8, secrets=3, state=FAILED), release(2, config=7, secrets=2)]
    carriers = Carriers(releases, running(2, 2))
    assert carriers.of_config(8) == carriers.of_secret(3) == NOT_YET
    assert not NOT_YET.is_released
    assert carriers.of_config(7) == Carried(release=2, instances=2)


def test_what_a_refused_release_was_taken_back_to_runs_already() -> None:
    releases = [release(number, config=2 * number, state=FAILED) for number in (4, 3)] + [release(2, config=4)]
    for refused in releases[:2]:
        refused.reverted_to = 2
    carriers = Carriers(releases, running(2, 2))
    assert [carriers.of_config(version) for version in (4, 7, 9)] == [Carried(release=2, instances=2)] * 3
    assert [carriers.of_config(version) for version in (6, 8)] == [NOT_YET] * 2
    releases[0].revert_release = 5
    assert Carriers(releases, running(2, 2)).of_config(9) == NOT_YET


def test_while_a_release_rolls_out_some_have_it() -> None:
    releases = [release(3, config=8, state=RUNNING), release(2, config=7)]
    carriers = Carriers(releases, running(3, 2, 2))
    assert carriers.of_config(8) == Carried(release=3, instances=1)
    assert carriers.of_config(7) == Carried(release=3, instances=3)


def test_of_an_app_without_instances_the_last_good_release_counts() -> None:
    releases = [release(3, config=8, state=FAILED), release(2, config=7)]
    for instances in ([], running(3, state="stopped")):
        carriers = Carriers(releases, instances)
        assert carriers.of_config(7) == Carried(release=2, instances=0)
        assert carriers.of_config(8) == NOT_YET


def test_an_app_that_was_never_released_has_nothing_released() -> None:
    assert Carriers([], []).of_config(1) == NOT_YET


@pytest.mark.parametrize(
    ("releases", "instances"),
    [
        (None, running(3)),
        ([release(3, config=7)], None),
        ([release(3, config=7)], running(3, 1)),
    ],
    ids=["may not see releases", "may not see instances", "runs what was not looked at"],
)
def test_what_cannot_be_told_is_not_made_up(releases: list[Release] | None, instances: list[Instance] | None) -> None:
    assert Carriers(releases, instances).of_config(7) is None


def test_a_secret_without_a_version_and_a_release_without_secrets() -> None:
    carriers = Carriers([release(3, config=7)], running(3))
    assert carriers.of_secret(0) is None
    assert carriers.of_secret(1) == NOT_YET
