"""What must not change while an installation is abused: its processes, their memory, what its logs and tables hold."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString

import psutil

from local.ports import GATEWAY, PROCESSES
from local.stack import Stack
from tests.e2e.detectors import forms, search
from tests.e2e.installation import as_superuser

PARTS: Final = (*PROCESSES, GATEWAY)
# A fault of ours, or of a task beside the server, or what nobody could catch. grpc's own services have none of our code
# and hold nothing.
_FAULTS: Final = ("request_failed", "background_failed", "unraisable", "thread_ended")
_OF_GRPC: Final = "/grpc."
# What goes on beside a server may find its database late too, as a machine is that can't keep up, and goes on after it.
_LATE: Final = ("background_failed", "paaskit.errors.Unavailable")
# With the lines around it that are not ours: what happens once in a hundred thousand times is not seen again soon.
_TRACEBACK: Final = re.compile(
    r"(?:^[^{\n].*\n)*?"
    r"^(?:Traceback|  File \"|.*(?:AssertionError|terminate called|Segmentation fault)).*"
    r"(?:\n[^{\n].*)*",
    re.MULTILINE,
)

_STORED: Final[dict[str, LiteralString]] = {
    # What may be stored under a name, and is under none that could be one.
    "config apps": "SELECT name FROM apps WHERE name !~ '^[a-z][a-z0-9-]{0,38}[a-z0-9]$'",
    "config vars": "SELECT name FROM vars WHERE name !~ '^[A-Za-z_][A-Za-z0-9_]{0,127}$'",
    "config drafts": "SELECT name FROM drafts WHERE name !~ '^[A-Za-z_][A-Za-z0-9_]{0,127}$'",
    "secrets sealed": "SELECT name FROM sealed WHERE name !~ '^[A-Za-z_][A-Za-z0-9_]{0,127}$'",
    "secrets drafts": "SELECT name FROM drafts WHERE name !~ '^[A-Za-z_][A-Za-z0-9_]{0,127}$'",
    "tokens tokens": "SELECT name FROM tokens WHERE name !~ '^[A-Za-z0-9][A-Za-z0-9 ._@:/+%%-]{0,127}$'",
}


@dataclass(frozen=True)
class Standing:
    """How an installation is at one moment: each part's process, its restarts, its memory in bytes."""

    processes: dict[str, tuple[int, int]]
    memory: dict[str, int]

    def growth(self, later: "Standing") -> dict[str, float]:
        """How many times as much memory each part has later."""
        return {part: later.memory[part] / self.memory[part] for part in PARTS}


def standing(stack: Stack) -> Standing:
    """How it is now."""
    found = {each["name"]: each for each in stack.status()}
    processes = {part: (int(found[part]["pid"]), int(found[part]["restarts"])) for part in PARTS}
    return Standing(processes, {part: psutil.Process(pid).memory_info().rss for part, (pid, _) in processes.items()})


@dataclass
class Logs:
    """The logs of all parts, from now on."""

    stack: Stack
    _starts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._starts = {path.name: path.stat().st_size for path in self.stack.layout.logs.iterdir()}

    def complaints(self, mark: str) -> Counter[str]:
        """What is in them that must not be: tracebacks, faults, and anything that was sent."""
        found: Counter[str] = Counter()
        for path in self.stack.layout.logs.iterdir():
            with path.open("rb") as log:
                log.seek(self._starts.get(path.name, 0))
                raw = log.read()
            found.update(f"{path.name}: {each}" for each in complaints_of(raw, mark))
        return found


def complaints_of(raw: bytes, mark: str) -> Iterator[str]:
    """What is in a log that must not be."""
    text = raw.decode("utf-8", "replace")
    yield from (f"a traceback: {match.group()}" for match in _TRACEBACK.finditer(text))
    yield from (f"what was sent, {form}" for form in search(raw, forms(mark), packed=False))
    for line in text.splitlines():
        entry = _entry(line)
        if (entry.get("event"), entry.get("error_type")) == _LATE:
            continue
        if entry.get("event") in _FAULTS and not str(entry.get("method", "")).startswith(_OF_GRPC):
            within = entry.get("method", entry.get("task", entry.get("within")))
            yield f"{entry['event']} {within} {entry.get('error_type')} {entry.get('error_places')}"


def _entry(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def wrongly_stored(stack: Stack) -> dict[str, list[str]]:
    """Names that are stored and could not be given by anybody."""
    found = {}
    for place, statement in _STORED.items():
        rows = as_superuser(stack, place.partition(" ")[0], statement)
        if rows:
            found[place] = [repr(name) for (name,) in rows[:5]]
    return found
