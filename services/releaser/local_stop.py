"""Ending every instance of a local runtime, for whoever stops the whole machine's stack after its releaser.

`python -m services.releaser.local_stop <runtime folder>`. Standard library only. What should run stays written down,
so the next releaser starts it again.
"""

import dataclasses
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from services.releaser import processes
from services.releaser.instance_file import AppRecord, marks_of, read_records, write_record
from services.releaser.processes import ProcessId

_POLL_SECONDS = 0.02


def stop_all(runtime_dir: Path, *, grace_seconds: float = 10.0) -> int:
    """End every recorded instance, SIGTERM first; return how many there were.

    Raises BlockingIOError while a releaser still uses the folder: it would start them again.
    """
    if not runtime_dir.is_dir():
        return 0
    lock = os.open(runtime_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        records = list(read_records(runtime_dir))
        running = [process for path, record in records for process in _running(path, record)]
        _end(running, grace_seconds)
        for path, record in records:
            write_record(path, dataclasses.replace(record, processes=()))
        return len(running)
    finally:
        os.close(lock)


def _running(path: Path, record: AppRecord) -> Iterator[ProcessId]:
    if record.boot != processes.boot_id():
        return
    known = {recorded.pid for recorded in record.processes}
    for recorded in record.processes:
        process: ProcessId | None = ProcessId(recorded.pid, recorded.started)
        if not recorded.pid:
            process = processes.find_leader(marks_of(path.parent, recorded.index, recorded.release), known=known)
        if process is not None and processes.alive(process):
            yield process


def _end(running: list[ProcessId], grace_seconds: float) -> None:
    for process in running:
        processes.signal_group(process, signal.SIGTERM)
    if not _all_ended(running, grace_seconds):
        for process in running:
            processes.signal_group(process, signal.SIGKILL)
        _all_ended(running, grace_seconds)


def _all_ended(running: list[ProcessId], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(processes.alive(process) for process in running):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def main() -> int:
    """Stop what the folder on the command line holds; return the exit code."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m services.releaser.local_stop <runtime folder>\n")
        return 2
    try:
        stopped = stop_all(Path(sys.argv[1]))
    except BlockingIOError:
        sys.stderr.write("The releaser still runs; stop it first.\n")
        return 1
    sys.stdout.write(f"{stopped} instances stopped\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
