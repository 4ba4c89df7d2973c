"""What of an app's variables ends by itself soon.

Leaves out the page that says so (tests/e2e).
"""

from datetime import UTC, datetime, timedelta

from paas.secrets.v1.secrets_pb2 import Secret

from dashboard.variables.endings import endings

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def secret(name: str, ends_in: timedelta | None) -> Secret:
    """A secret whose former value ends so long from now."""
    found = Secret(name=name)
    if ends_in is not None:
        found.previous_until.FromDatetime(NOW + ends_in)
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
