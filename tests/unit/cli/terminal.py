"""`paas` on a pseudo-terminal, for tests of what a person at a terminal meets."""

import codecs
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fixtures.waiting import PATIENCE

_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\nos.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """`paas`, or another `program`, on a pseudo-terminal of its own; `screen` is everything it wrote.

    `folder` is where it stands. `then` is what a shell does once it has ended, on the same terminal. `modes` are ECHO
    and ICANON as they were left. A `controlling` one sends its group of processes what keys stand for, as that of a
    person's shell does.
    """

    def __init__(
        self,
        *arguments: str,
        environ: dict[str, str] | None = None,
        then: str = "",
        controlling: bool = False,
        program: Sequence[str] = (sys.executable, "-m", "paas_cli"),
        folder: Path | None = None,
    ) -> None:
        self._terminal, inside = pty.openpty()
        command = [*program, *arguments]
        if controlling:
            command = [sys.executable, "-I", "-c", _TAKE_TERMINAL, *command]
        self.process = subprocess.Popen(
            ["sh", "-c", f'"$@"; {then}', "sh", *command] if then else command,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", **(environ or {})},
        )
        os.close(inside)
        self.screen = ""
        # A read may end within a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.modes = 0

    def until(self, words: str, *, seconds: float = PATIENCE) -> None:
        """Read until `words` are on the screen."""
        end = time.monotonic() + seconds
        while words not in self.screen:
            assert self._read(end), f"ended without {words!r}: {self.screen!r}"

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        os.write(self._terminal, text.encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + PATIENCE
        while self._read(end):
            pass
        self.modes = termios.tcgetattr(self._terminal)[3] & (termios.ECHO | termios.ICANON)
        os.close(self._terminal)
        return self.process.wait(timeout=PATIENCE)

    def _read(self, end: float) -> bool:
        """Whether more came before the other side went. Fails at `end`, in seconds of the monotonic clock."""
        left = max(end - time.monotonic(), 0.0)
        assert select.select([self._terminal], [], [], left)[0], f"nothing more came: {self.screen!r}"
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # the other side has gone
            return False
        self.screen += self._decoder.decode(data)
        return bool(data)


def words(screen: str) -> str:
    """The words on one line, wherever the lines of the screen end."""
    return " ".join(plain(screen).split())


def plain(screen: str) -> str:
    """The words without colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)
