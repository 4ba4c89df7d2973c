"""Showing the parts' logs: their last lines, and on as they grow. It changes nothing."""

import time
from pathlib import Path

from local.failures import LocalFailure
from local.layout import Layout

LINES = 20
POLL_SECONDS = 0.5


def show(layout: Layout, name: str | None, *, follow: bool) -> None:
    """Prints the last lines of one part's log or of all. Raises LocalFailure where there is no such log."""
    logs = _chosen(layout, name)
    seen = {log: _print_end(log, prefix="" if name else f"{log.stem}: ") for log in logs}
    while follow:
        time.sleep(POLL_SECONDS)
        for log in _chosen(layout, name):
            seen[log] = _print_from(log, seen.get(log, 0), prefix="" if name else f"{log.stem}: ")


def _chosen(layout: Layout, name: str | None) -> list[Path]:
    logs = sorted(layout.logs.glob("*.log"))
    if name is None:
        if not logs:
            raise LocalFailure("There are no logs yet: start the stack with `make up`.")
        return logs
    chosen = [log for log in logs if log.stem == name]
    if not chosen:
        there = ", ".join(log.stem for log in logs) or "none yet"
        raise LocalFailure(f"There is no log {name}; there are: {there}.")
    return chosen


def _print_end(log: Path, *, prefix: str) -> int:
    text = log.read_bytes()
    for line in text.decode(errors="replace").splitlines()[-LINES:]:
        print(prefix + line)
    return len(text)


def _print_from(log: Path, position: int, *, prefix: str) -> int:
    with log.open("rb") as file:
        # It was put aside and begun anew.
        if log.stat().st_size < position:
            position = 0
        file.seek(position)
        text = file.read()
    whole, _, _ = text.rpartition(b"\n")
    for line in whole.decode(errors="replace").splitlines():
        print(prefix + line, flush=True)
    return position + (len(whole) + 1 if whole else 0)
