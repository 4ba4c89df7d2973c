"""What a part of the stack is to the supervisor: a program, its environment, its log, how it is asked to stop."""

import dataclasses
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Part:
    """One program of the stack. Its environment holds paths of secrets, never secrets."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    # Where its standard output and error go, appended.
    log: Path
    # Parts of a higher tier are stopped before those of a lower one.
    tier: int = 1
    stop_signal: int = signal.SIGTERM
    # Seconds between the stop signal and SIGKILL.
    grace: float = 8.0

    def to_json(self) -> dict[str, Any]:
        """The part as the supervisor is sent it."""
        return dataclasses.asdict(self) | {"log": str(self.log)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """The part that `to_json` gave."""
        return cls(**{**fields, "command": tuple(fields["command"]), "log": Path(fields["log"])})
