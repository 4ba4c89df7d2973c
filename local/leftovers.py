"""Cleaning up after a supervisor that can't do it any more, because it was killed.

Works from the supervisor's record: pids with their start times. What isn't in there is not touched.
"""

import shutil
import signal
import tempfile
from pathlib import Path

from local.control import SOCKET
from local.layout import Layout
from local.private_files import write_private
from local.processes import ProcessId, descendants, end, is_alive
from local.record import Record, read_record
from local.supervisor import ORPHANS_GRACE, RECORD

SOCKET_FOLDER = "socket-folder"


def clean(layout: Layout) -> bool:
    """Ends what is left of a stack and removes its temporary folder. Whether there was anything to end."""
    record = read_record(layout.run / RECORD)
    ended = False
    if record is not None:
        ended = _end_all(record)
        (layout.run / RECORD).unlink(missing_ok=True)
    (layout.run / SOCKET).unlink(missing_ok=True)
    _remove_socket_folder(layout)
    return ended


def remember_socket_folder(layout: Layout, folder: Path) -> None:
    """Notes a temporary folder, so that it is removed when the stack stops."""
    if not folder.is_relative_to(layout.root):
        write_private(layout.run / SOCKET_FOLDER, bytes(folder))


def _end_all(record: Record) -> bool:
    living = [entry for entry in record.parts if is_alive(entry.process)]
    others = _with_descendants([*record.others, *(entry.process for entry in living if entry.tier > 0)])
    supervisor = [record.supervisor] if is_alive(record.supervisor) else []
    # The supervisor first, so that it starts nothing again.
    end(supervisor, first=signal.SIGKILL, grace=5)
    for tier in sorted({entry.tier for entry in living}, reverse=True):
        batch = [entry for entry in living if entry.tier == tier]
        for number in {entry.stop_signal for entry in batch}:
            same = [entry for entry in batch if entry.stop_signal == number]
            end((entry.process for entry in same), first=number, grace=max(entry.grace for entry in same))
        if tier == 1:
            end(others, grace=ORPHANS_GRACE)
    alone = [process for process in others if is_alive(process)]
    end(alone, grace=ORPHANS_GRACE)
    return bool(supervisor or living or alone)


def _with_descendants(processes: list[ProcessId]) -> list[ProcessId]:
    living = [process for process in processes if is_alive(process)]
    return list(dict.fromkeys([*living, *(below for process in living for below in descendants(process.pid))]))


def _remove_socket_folder(layout: Layout) -> None:
    note = layout.run / SOCKET_FOLDER
    try:
        folder = Path(note.read_bytes().decode())
    except FileNotFoundError:
        return
    # Only ever what choose_socket_folder makes, whatever the note says.
    if folder.parent == Path(tempfile.gettempdir()) and folder.name.startswith("paas-"):
        shutil.rmtree(folder, ignore_errors=True)
    note.unlink()
