"""What of an app's variables ends by itself soon: former values that are there for an overlap. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from paas.secrets.v1.secrets_pb2 import Secret

from dashboard.calls.apps import when

SOON: Final = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A former value, by the name that an app has it under."""

    name: str
    secret: str
    at: datetime


def endings(secrets: Sequence[Secret], now: datetime) -> list[Ending]:
    """Those that end within two weeks, the next first."""
    found = [
        Ending(name=f"{each.name}_PREVIOUS", secret=each.name, at=when(each.previous_until))
        for each in secrets
        if each.HasField("previous_until") and now < when(each.previous_until) <= now + SOON
    ]
    return sorted(found, key=lambda each: (each.at, each.name))
