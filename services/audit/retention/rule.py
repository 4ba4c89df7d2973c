"""How long events are kept. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from paaskit.settings import SettingsError

LEAST_DAYS: Final = 30
_MOST_DAYS: Final = 36_500
_DAYS: Final = re.compile(r"([1-9][0-9]{0,4})d")


@dataclass(frozen=True)
class Rule:
    """Events are kept for so many days at least."""

    days: int

    @property
    def text(self) -> str:
        """As it is set, and told in the log."""
        return f"{self.days}d"

    def over_before(self, now: datetime) -> datetime:
        """Return the time before which events' time is over."""
        return now.astimezone(UTC) - timedelta(days=self.days)


def parsed_rule(text: str) -> Rule | None:
    """Return the rule of a setting, None for an empty one: events are kept for ever. Raises SettingsError."""
    if not text:
        return None
    match = _DAYS.fullmatch(text)
    if match is None or not LEAST_DAYS <= int(match[1]) <= _MOST_DAYS:
        raise SettingsError(
            f"PAAS_AUDIT_RETENTION: say how many days events are kept, as 400d; at least {LEAST_DAYS}d, or leave it "
            "out to keep them for ever"
        )
    return Rule(int(match[1]))
