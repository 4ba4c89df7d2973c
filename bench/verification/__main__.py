"""`python -m bench.verification [--write]`: with --write the figures go into their section of bench/RESULTS.md."""

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.__main__ import HEAD, RESULTS
from bench.load import Ratio, medians
from bench.sections import with_section
from tests.fixtures.written_log import Folder, WrittenLog

EVENTS = 1_000_000
_AT_ONCE = 20_000
_PAIRS = 5
_REACH = 3.0
_SECONDS, _MEGABYTES = 20, 200
_HEADING = "## Verifying a log"


def main() -> None:
    """Write a log, and verify it a few times, each beside the hashes that it takes at least."""
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as name:
        folder = Path(name)
        _write(folder)
        pairs, megabytes = [], 0.0
        for _ in range(_PAIRS):
            done = subprocess.run(
                [sys.executable, "-m", "bench.verification.reader", name], check=True, capture_output=True, text=True
            )
            figures = json.loads(done.stdout)
            assert figures["size"] == EVENTS
            megabytes = max(megabytes, figures["megabytes"])
            pairs.append((figures["seconds"], _hashing_alone()))
    ours, theirs, ratio = medians(pairs)
    row = Ratio(
        "verifying 1,000,000 events of 0.5 KB in files",
        "their 2,000,000 SHA-256 alone",
        "s",
        ours,
        theirs,
        ratio,
        f"≤ {_REACH:.1f}",
        ratio <= _REACH,
    )
    rows = [
        f"| verifying 1,000,000 events | {ours:.1f} s | at most {_SECONDS} s |",
        f"| memory of a process that does | {megabytes:.0f} MB | at most {_MEGABYTES} MB |",
    ]
    lines = [HEAD, row.line(), "", "| verifying a log | | aim |", "| --- | --- | --- |", *rows]
    print("\n".join(lines))
    if "--write" in sys.argv:
        about = (
            f"The latest run of `make bench-verification`, {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores, "
            f"Python {platform.python_version()}: signature,\nevery tile and every entry, from files, in one thread. "
            "Medians of pairs measured one right after the other."
        )
        RESULTS.write_text(with_section(RESULTS.read_text(), _HEADING, "\n".join([about, "", *lines])))


def _write(folder: Path) -> None:
    log = WrittenLog(Folder(folder))
    for first in range(0, EVENTS, _AT_ONCE):
        log.grow([_event(at) for at in range(first, min(first + _AT_ONCE, EVENTS))])


def _event(at: int) -> bytes:
    filler = "x" * 400
    return f'{{"action":"secrets.get","app":"web","id":"{at:032x}","more":"{filler}","sequence":"{at + 1}"}}'.encode()


def _hashing_alone() -> float:
    """Return the seconds for a hash of as many bytes for each entry, and of two hashes for each node."""
    entry, node = b"\0" + _event(0), b"\1" + bytes(64)
    start = time.perf_counter()
    for _ in range(EVENTS):
        hashlib.sha256(entry).digest()
        hashlib.sha256(node).digest()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
