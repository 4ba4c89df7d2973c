"""The supervisor's record of its processes, read when it can no longer be asked because it was killed."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from local.private_files import write_private
from machine.processes import ProcessId


@dataclass(frozen=True)
class Recorded:
    """One process with what it takes to end it."""

    name: str
    process: ProcessId
    tier: int
    stop_signal: int
    grace: float


@dataclass(frozen=True)
class Record:
    """The supervisor, the parts it started, and every other process below it."""

    supervisor: ProcessId
    parts: tuple[Recorded, ...] = ()
    # Instances of apps, which the releaser starts in sessions of their own.
    others: tuple[ProcessId, ...] = ()


def write_record(path: Path, record: Record) -> None:
    """Replaces the record."""
    write_private(path, json.dumps(asdict(record)).encode())


def read_record(path: Path) -> Record | None:
    """The record, or None where there is none or it can't be understood."""
    try:
        fields = json.loads(path.read_bytes())
        return Record(
            supervisor=ProcessId(**fields["supervisor"]),
            parts=tuple(Recorded(**{**part, "process": ProcessId(**part["process"])}) for part in fields["parts"]),
            others=tuple(ProcessId(**other) for other in fields["others"]),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
