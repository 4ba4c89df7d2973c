"""Ending every instance of a local runtime, for whoever stops the whole machine's stack after its releaser.

`python -m services.releaser.runtimes.local.stop <runtime folder>`. Standard library only. What should run stays
written down, so the next releaser starts it again.
"""

import dataclasses
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from machine.processes import ProcessId, boot_id, end, is_alive
from services.releaser.runtimes.local.confinement.launch import find_keeper
from services.releaser.runtimes.local.confinement.remains import end_remains
from services.releaser.runtimes.local.folder import lock_folder
from services.releaser.runtimes.local.record import AppRecord, marks_of, read_records, write_record

_KILL_SECONDS = 5.0


def stop_all(runtime_dir: Path, *, grace_seconds: float = 10.0) -> int:
    """End every recorded instance, SIGTERM first, and what is left of those before; return how many there were.

    Raises BlockingIOError while a releaser still uses the folder: it would start them again.
    """
    if not runtime_dir.is_dir():
        return 0
    lock = lock_folder(runtime_dir)
    try:
        records = [(path, record) for path, record in read_records(runtime_dir) if record.boot == boot_id()]
        running = [process for _, record in records for process in _running(record)]
        end(running, (signal.SIGTERM, grace_seconds), (signal.SIGQUIT, _KILL_SECONDS), (signal.SIGKILL, 1.0))
        for path, record in records:
            for recorded in record.processes:
                marks = marks_of(path.parent, recorded.index, recorded.release)
                end_remains(marks=marks, user=record.user, group=recorded.group)
            write_record(path, dataclasses.replace(record, processes=()))
        return len(running)
    finally:
        os.close(lock)


def _running(record: AppRecord) -> Iterator[ProcessId]:
    for recorded in record.processes:
        process: ProcessId | None = ProcessId(recorded.pid, recorded.started)
        if not recorded.pid:
            process = find_keeper(recorded.token)
        if process is not None and is_alive(process):
            yield process


def main() -> int:
    """Stop what the folder on the command line holds; return the exit code."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m services.releaser.runtimes.local.stop <runtime folder>\n")
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
