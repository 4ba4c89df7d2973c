"""`paas` on a pseudo-terminal, for tests of what a person at a terminal meets."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time

from tests.fixtures.waiting import PATIENCE


class Terminal:
    """`paas` on a pseudo-terminal of its own; `screen` is everything it wrote.

    `then` is what a shell does once it has ended, on the same terminal. `modes` are ECHO and ICANON as they were left.
    """

    def __init__(self, *arguments: str, environ: dict[str, str] | None = None, then: str = "") -> None:
        self._terminal, inside = pty.openpty()
        command = [sys.executable, "-m", "paas_cli", *arguments]
        self.process = subprocess.Popen(
            ["sh", "-c", f'"$@"; {then}', "sh", *command] if then else command,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", **(environ or {})},
        )
        os.close(inside)
        self.screen = ""
        self.modes = 0

    def until(self, words: str, *, seconds: float = PATIENCE) -> None:
        """Read until `words` are on the screen."""
        end = time.monotonic() + seconds
        while words not in self.screen:
            assert time.monotonic() < end, f"{words!r} did not come: {self.screen!r}"
            if not self._read():
                assert words in self.screen, f"ended without {words!r}: {self.screen!r}"
                return

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        os.write(self._terminal, text.encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        self.modes = termios.tcgetattr(self._terminal)[3] & (termios.ECHO | termios.ICANON)
        os.close(self._terminal)
        return self.process.wait(timeout=PATIENCE)

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], 15)[0]:
            return False
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # the other side has gone
            return False
        self.screen += data.decode("utf-8", "replace")
        return bool(data)


def plain(screen: str) -> str:
    """The words without colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)
