"""What changed of shared groups in an app's release, by name, from the releases of both.

Leaves out the page that shows it (tests/e2e/test_dashboard_groups).
"""

from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.releaser.v1.releaser_pb2 import GroupVersion, Release, ReleasedChange

from dashboard.releases.shared import GroupChanges, Moved, moved, since

ADDED, CHANGED, REMOVED = config_pb2.ACTION_ADDED, config_pb2.ACTION_CHANGED, config_pb2.ACTION_REMOVED
GOOD, FAILED = releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED


def of_app(number: int, **groups: tuple[int, int]) -> Release:
    """A release of an app that was given these versions of groups, config and secrets."""
    given = [
        GroupVersion(group=name, config_version=config, secrets_version=secrets)
        for name, (config, secrets) in groups.items()
    ]
    return Release(number=number, groups=given)


def of_group(
    number: int, config: int, secrets: int, *changes: ReleasedChange, state: releaser_pb2.State.ValueType = GOOD
) -> Release:
    """A release of a group in these versions."""
    return Release(number=number, config_version=config, secrets_version=secrets, changes=changes, state=state)


def change(name: str, action: config_pb2.Action.ValueType, *, secret: bool = False) -> ReleasedChange:
    """What a release did to one name."""
    return ReleasedChange(name=name, action=action, secret=secret)


def told(found: GroupChanges | None) -> list[tuple[str, int]]:
    """The names and what became of them."""
    assert found is not None
    return [(each.name, each.action) for each in found.changes]


def test_groups_in_other_versions_moved_and_those_that_came_and_went_did_not() -> None:
    before = of_app(4, same=(2, 2), shared=(3, 1), secret=(1, 1), gone=(1, 1))
    now = of_app(5, same=(2, 2), shared=(4, 1), secret=(1, 2), attached=(9, 9))
    assert moved(before, now) == [
        Moved(group="shared", config=(3, 4), secrets=(1, 1)),
        Moved(group="secret", config=(1, 1), secrets=(1, 2)),
    ]


def test_what_the_group_s_releases_in_between_did() -> None:
    releases = [
        of_group(5, 5, 2, change("LATER", ADDED)),
        of_group(4, 4, 2, change("DSN", ADDED, secret=True)),
        of_group(3, 4, 1, change("ZONE", ADDED), change("REGION", CHANGED)),
        of_group(2, 3, 1, change("EARLIER", ADDED)),
    ]
    group = Moved(group="shared", config=(3, 4), secrets=(1, 2))
    assert told(since(group, releases)) == [("DSN", ADDED), ("REGION", CHANGED), ("ZONE", ADDED)]
    # Of a release that came with the config vars alone, the secrets are the next one's.
    assert told(since(Moved(group="shared", config=(3, 4), secrets=(1, 1)), releases)) == [
        ("REGION", CHANGED),
        ("ZONE", ADDED),
    ]


def test_of_a_name_that_several_changed_it_is_told_what_became_of_it() -> None:
    first = of_group(2, 2, 0, change("A", ADDED), change("B", ADDED), change("C", REMOVED), change("D", CHANGED))
    second = of_group(3, 3, 0, change("A", CHANGED), change("B", REMOVED), change("C", ADDED), change("D", REMOVED))
    group = Moved(group="shared", config=(1, 3), secrets=(0, 0))
    assert told(since(group, [second, first])) == [("A", ADDED), ("C", CHANGED), ("D", REMOVED)]


def test_what_was_taken_back_in_between_is_not_told_and_what_failed_itself_is() -> None:
    failed = of_group(2, 2, 0, change("A", CHANGED), state=FAILED)
    good = of_group(3, 4, 0, change("B", CHANGED))
    assert told(since(Moved(group="shared", config=(1, 4), secrets=(0, 0)), [good, failed])) == [("B", CHANGED)]
    assert told(since(Moved(group="shared", config=(1, 2), secrets=(0, 0)), [good, failed])) == [("A", CHANGED)]


def test_secrets_that_may_not_be_listed_are_counted_and_what_is_not_known_is_not_told() -> None:
    hidden = of_group(3, 3, 2)
    hidden.hidden_changes = 2
    group = Moved(group="shared", config=(3, 3), secrets=(1, 2))
    assert since(group, [hidden]) == GroupChanges(group="shared", changes=[], hidden=2)
    assert since(group, []) is None
