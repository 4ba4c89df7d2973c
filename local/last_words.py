"""The line of a part's log that says why it ended."""

import json
from pathlib import Path

# Bytes of the log's end that are looked at.
TAIL = 16 * 1024
# Longer sentences are cut; the log has the rest.
LONGEST = 300


def last_words(log: Path) -> str:
    """The last line that says something, out of its JSON if it is JSON. Lines of a traceback but its last are not."""
    for line in reversed(_tail(log)):
        sentence = _sentence(line.strip())
        if sentence:
            return sentence[:LONGEST].rstrip(".") + "."
    return "it left no word."


def _tail(log: Path) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []


def _sentence(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict):
        return line
    return str(entry.get("message") or entry.get("event") or "")
