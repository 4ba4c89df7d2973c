"""Shared groups on the dashboard: an app's rows with a group's, whom a change reaches, and the releases it is made of.

Leaves out what the services tell of groups and the pages themselves (tests/e2e/test_dashboard_groups).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from paas.config.v1 import config_pb2, groups_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2

from dashboard.calls.apps import Shared
from dashboard.groups.reached import reached
from dashboard.pages.members import Member, members
from dashboard.variables.carried import Carried, Carriers
from dashboard.variables.changes import SET, Verdict, Wanted
from dashboard.variables.shared import behind, with_shared
from dashboard.variables.table import CONFIG, SECRET, Row, Staged
from dashboard.web.places import Place, elsewhere

AT = Timestamp(seconds=1_790_000_000)
THEN = datetime.fromtimestamp(AT.seconds, UTC)


def group(name: str, *, secrets: Sequence[str] = (), own: Sequence[str] = (), **config: str) -> Shared:
    """What an app has of a group."""
    return Shared(
        vars=config_pb2.GroupVars(
            group=name,
            vars=[
                config_pb2.Var(name=key, value=value, updated_at=AT, updated_by="user:ada")
                for key, value in config.items()
            ],
            own_names=own,
        ),
        secrets=[secrets_pb2.Secret(name=each, updated_at=AT) for each in secrets],
    )


def told(rows: Sequence[Row]) -> list[tuple[str, str, str, str, str]]:
    return [(row.name, row.kind, row.value, row.origin, row.wins_over) for row in rows]


def test_rows_of_groups_stand_among_an_app_s_own_by_name() -> None:
    own = [Row(name="B", kind=CONFIG, value="mine"), Row(name="D", kind=SECRET)]
    found = with_shared(own, [group("shared", secrets=["C", "D"], own=["B", "D"], A="1"), group("other", E="2")])
    assert told(found) == [
        ("A", CONFIG, "1", "shared", ""),
        ("B", CONFIG, "mine", "", "shared"),
        ("C", SECRET, "", "shared", ""),
        ("D", SECRET, "", "", "shared"),
        ("E", CONFIG, "2", "other", ""),
    ]
    assert (found[0].updated_at, found[0].updated_by) == (THEN, "user:ada")


def test_a_row_of_a_group_says_what_of_the_app_runs_with_it_and_when_it_ends() -> None:
    shared = group("shared", secrets=["B", "C"], A="1", D="2")
    for var, version in zip(shared.vars.vars, (7, 8), strict=True):
        var.version = version
    for secret, version in zip(shared.secrets, (3, 4), strict=True):
        secret.version = version
    shared.secrets[0].expires_at.FromDatetime(THEN + timedelta(days=3))
    given = [releaser_pb2.GroupVersion(group=name, config_version=7, secrets_version=3) for name in ("other", "shared")]
    release = releaser_pb2.Release(number=5, state=releaser_pb2.STATE_SUCCEEDED, config_version=1, groups=given)
    running = releaser_pb2.ListInstancesResponse(
        instances=[releaser_pb2.Instance(index=index, release=5, state="ready") for index in (1, 2)]
    )
    carriers = Carriers.of([release], running, runs_nothing=False)
    found = {row.name: row for row in with_shared([], [shared], carriers)}
    assert (found["A"].carried, found["B"].carried) == (Carried(release=5, instances=2),) * 2
    # Of what no release has it is not told whether it is on its way, or what a refused value was taken back to.
    assert (found["C"].carried, found["D"].carried) == (None, None)
    assert (found["B"].expires_at, found["C"].expires_at) == (THEN + timedelta(days=3), None)
    del release.groups[:]
    assert {row.carried for row in with_shared([], [shared], Carriers.of([release], running, runs_nothing=False))} == {
        None
    }


def test_an_app_without_groups_has_its_rows_as_they_are() -> None:
    own = [Row(name="B", kind=CONFIG, value="mine")]
    assert with_shared(own, []) is own


def test_of_two_groups_the_one_that_was_attached_first_wins() -> None:
    found = with_shared([], [group("one", A="1"), group("two", A="2")])
    assert told(found) == [("A", CONFIG, "1", "one", "")]
    assert behind([group("one", A="1").vars, group("two", own=["A"], B="2").vars]) == {"A": "one", "B": "two"}
    hides_both = with_shared([Row(name="A", kind=CONFIG)], [group("one", own=["A"]), group("two", own=["A"])])
    assert hides_both[0].wins_over == "one"


def test_until_a_staged_value_is_released_the_group_s_is_shown_beside_it() -> None:
    staged = Staged(action="added", by="user:bob", at=THEN, value="mine")
    (row,) = with_shared([Row(name="A", kind=CONFIG, staged=staged)], [group("shared", A="1")])
    assert told([row]) == [("A", CONFIG, "1", "shared", "")]
    assert row.staged == staged
    assert not row.is_new


def test_rows_of_another_origin_are_of_another_shape() -> None:
    of_app = Row(name="A", kind=CONFIG, value="1")
    shapes = {of_app.shape, of_app._replace(origin="shared").shape, of_app._replace(wins_over="shared").shape}
    assert len(shapes) == 3


def verdict(name: str, outcome: str = "changed") -> Verdict:
    return Verdict(wanted=Wanted(name=name, action=SET), outcome=outcome, kind=CONFIG)


def test_a_change_reaches_each_app_but_those_whose_own_values_win() -> None:
    used = groups_pb2.GetGroupResponse(
        used_by=[
            groups_pb2.GroupUse(app="api"),
            groups_pb2.GroupUse(app="jobs", own_names=["A", "B", "ELSE"]),
            groups_pb2.GroupUse(app="web", own_names=["B"]),
        ],
        hidden_apps=2,
    )
    found = reached(used, [verdict("A"), verdict("B"), verdict("ELSE", "same")])
    assert [(app.name, app.own_names, app.is_released) for app in found.apps] == [
        ("api", [], True),
        ("jobs", ["A", "B"], False),
        ("web", ["B"], True),
    ]
    assert (found.released, [app.name for app in found.left], found.hidden) == (2, ["jobs", "web"], 2)


def test_members_of_a_group_s_release() -> None:
    release = releaser_pb2.Release(
        state=releaser_pb2.STATE_RUNNING,
        members=[
            releaser_pb2.GroupMember(app="api", release=31, state=releaser_pb2.STATE_SUCCEEDED),
            releaser_pb2.GroupMember(app="jobs", release=4, state=releaser_pb2.STATE_RUNNING),
            releaser_pb2.GroupMember(app="web"),
        ],
    )
    assert members(release) == [
        Member(app="api", release=31, kind="good", word="succeeded"),
        Member(app="jobs", release=4, kind="busy", word="rolling out"),
        Member(app="web", release=0, kind="quiet", word="waits"),
    ]
    release.state = releaser_pb2.STATE_FAILED
    assert members(release)[-1].word == "not released"


def test_a_value_of_a_group_is_carried_by_its_last_good_release() -> None:
    good = releaser_pb2.Release(number=3, state=releaser_pb2.STATE_SUCCEEDED, config_version=7)
    failed = releaser_pb2.Release(number=4, state=releaser_pb2.STATE_FAILED, config_version=8)
    carriers = Carriers.of([failed, good], None, runs_nothing=True)
    assert carriers.of_config(7) == Carried(release=3)
    assert Carriers.of([failed, good], None, runs_nothing=False).of_config(7) is None


@pytest.mark.parametrize(
    ("path", "reason", "there"),
    [
        ("apps/shared", "NOT_AN_APP", "groups/shared"),
        ("apps/shared/secrets/A", "NOT_AN_APP", "groups/shared/secrets/A"),
        ("groups/web/releases/3", "NOT_A_GROUP", "apps/web/releases/3"),
        ("groups/shared/attach", "NOT_AN_APP", ""),
        ("apps/web", "NOT_A_GROUP", ""),
        ("apps/shared", "", ""),
        ("account/incident", "NOT_AN_APP", ""),
        ("groups", "NOT_A_GROUP", ""),
    ],
)
def test_what_was_taken_for_the_other_is_at_the_other_s_place(path: str, reason: str, there: str) -> None:
    assert elsewhere(path, reason) == there


def test_a_place_is_its_address() -> None:
    assert str(Place.of({"app": "web", "name": "A"})) == "apps/web"
    of_group = Place.of({"group": "shared"})
    assert (str(of_group), of_group.is_group) == ("groups/shared", True)
