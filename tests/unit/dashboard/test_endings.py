"""What of an app's variables ends by itself soon.

Leaves out the page that says so (tests/e2e).
"""

from datetime import UTC, datetime, timedelta

from paas.config.v1.config_pb2 import GroupVars
from paas.secrets.v1.secrets_pb2 import DueSecret, Secret

from dashboard.variables.endings import by_app, endings, of_groups

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def secret(name: str, ends_in: timedelta | None, *, expires_in: timedelta | None = None) -> Secret:
    """A secret whose former value ends so long from now, and whose value does."""
    found = Secret(name=name)
    if ends_in is not None:
        found.previous_until.FromDatetime(NOW + ends_in)
    if expires_in is not None:
        found.expires_at.FromDatetime(NOW + expires_in)
    return found


def test_former_values_that_end_within_two_weeks_the_next_first() -> None:
    found = endings(
        [
            secret("NONE", None),
            secret("LATER", timedelta(days=14)),
            secret("OVER", timedelta(0)),
            secret("NEXT", timedelta(hours=1)),
            secret("LONG", timedelta(days=14, seconds=1)),
        ],
        NOW,
    )
    assert [(each.name, each.secret) for each in found] == [("NEXT_PREVIOUS", "NEXT"), ("LATER_PREVIOUS", "LATER")]
    assert found[0].at == NOW + timedelta(hours=1)


def test_values_that_end_within_two_weeks_or_have_ended_stand_among_them() -> None:
    found = endings(
        [
            secret("BOTH", timedelta(days=2), expires_in=timedelta(days=3)),
            secret("ENDED", None, expires_in=timedelta(days=-40)),
            secret("LONG", None, expires_in=timedelta(days=14, seconds=1)),
        ],
        NOW,
    )
    assert [(each.name, each.secret) for each in found] == [
        ("ENDED", "ENDED"),
        ("BOTH_PREVIOUS", "BOTH"),
        ("BOTH", "BOTH"),
    ]


def test_what_groups_have_that_ends_but_what_the_app_has_itself() -> None:
    due = by_app(
        [
            DueSecret(app="shared", secret=secret("DSN", None, expires_in=timedelta(days=-1))),
            DueSecret(app="shared", secret=secret("OWN", None, expires_in=timedelta(days=1))),
            DueSecret(app="web", secret=secret("KEY", None, expires_in=timedelta(days=1))),
            DueSecret(app="mail", secret=secret("SMTP", None, expires_in=timedelta(days=-2))),
            DueSecret(app="mail", secret=secret("LONG", None, expires_in=timedelta(days=14, seconds=1))),
        ]
    )
    groups = [GroupVars(group="shared", own_names=["OWN"]), GroupVars(group="mail"), GroupVars(group="out-of-sight")]
    assert [(each.name, each.secret, each.group) for each in of_groups(groups, due, NOW)] == [
        ("SMTP", "SMTP", "mail"),
        ("DSN", "DSN", "shared"),
    ]
    assert of_groups([], due, NOW) == []
