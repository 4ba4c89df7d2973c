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
from local.record import Record, read_record
from local.supervisor import ORPHANS_GRACE, RECORD
from machine.processes import end, is_alive
from machine.trees import descendants, end_trees

SOCKET_FOLDER = "socket-folder"
# Seconds that the system may take to end what is killed.
KILL_PATIENCE = 5.0


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
    others = [
        *record.others,
        *(below for entry in living if entry.tier > 0 for below in descendants(entry.process.pid)),
    ]
    supervisor = [record.supervisor] if is_alive(record.supervisor) else []
    # The supervisor first, so that it starts nothing again.
    end(supervisor, (signal.SIGKILL, KILL_PATIENCE))
    alone = False
    for tier in sorted({entry.tier for entry in living}, reverse=True):
        batch = [entry for entry in living if entry.tier == tier]
        for number in {entry.stop_signal for entry in batch}:
            same = [entry for entry in batch if entry.stop_signal == number]
            grace = max(entry.grace for entry in same)
            end((entry.process for entry in same), (number, grace), (signal.SIGKILL, KILL_PATIENCE))
        if tier == 1:
            alone = end_trees(others, grace=ORPHANS_GRACE)
    alone = end_trees(others, grace=ORPHANS_GRACE) or alone
    return bool(supervisor or living or alone)


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
