"""A shell on a pseudo-terminal, at which somebody presses Tab."""

import codecs
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.fixtures.waiting import PATIENCE

PROGRAM = Path(sys.executable).parent / "paas"
_TELL = "\x14"  # Ctrl-T: tell the line as it is now
_READY = "re" + "ady"

_START = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
_SET_UP = {
    "bash": r"""bind -x '"\C-t": printf "\n<%s>\n" "$READLINE_LINE"'; bind 'set enable-bracketed-paste off'""",
    "zsh": r"""autoload -Uz compinit && compinit -D -u; tell() { print -r -- ""; print -r -- "<$BUFFER>" }; """
    r"""zle -N tell; bindkey '^T' tell; unsetopt zle_bracketed_paste list_ambiguous""",
    "fish": r"""bind \ct 'echo; echo "<"(commandline)">"'""",
}
_LOAD = {
    "bash": 'eval "$(paas completion bash)"',
    "zsh": 'eval "$(paas completion zsh)"',
    "fish": "paas completion fish | source",
}
# A terminal is a shell's own where it was made so, which fish asks for.
_OF_ITS_OWN = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
INSTALLED = {name: shutil.which(name) for name in _START}


class Shell:
    """An interactive shell with the script of `paas completion` loaded; `screen` is all it wrote."""

    def __init__(self, name: str, *, home: Path) -> None:
        self.name = name
        self.screen = ""
        # A read may end within a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._terminal, inside = pty.openpty()
        program = INSTALLED[name]
        assert program is not None
        environ = {
            **os.environ,
            "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "TERM": "xterm",
            "COLUMNS": "120",
            "LINES": "50",
            "LANG": "C.UTF-8",
            "PS1": "$ ",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", _OF_ITS_OWN, program, *_START[name]],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            env=environ,
        )
        os.close(inside)
        for line in (_SET_UP[name], _LOAD[name], 'echo re""ady'):
            self.type(f"{line}\n")
        self.until(_READY)

    def tab(self, typed: str) -> str:
        """The line after `typed` and Tab, and then none again."""
        seen = len(self.screen)
        self.type(f"{typed}\t{_TELL}")
        self.until(">", after=self.screen.find("<", seen) if "<" in self.screen[seen:] else seen, start="<")
        line = self.screen[seen:].rpartition("<")[2].partition(">")[0]
        self.type("\x05\x15")  # Ctrl-E, Ctrl-U
        return line

    def becomes(self, typed: str, line: str) -> None:
        """See that `typed` becomes `line`; names that come later than a shell waits are there the next time."""
        end = time.monotonic() + PATIENCE
        while (found := self.tab(typed)) != line:
            assert time.monotonic() < end, f"{typed!r} became {found!r}, and not {line!r}"

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        os.write(self._terminal, text.encode())

    def until(self, words: str, *, after: int = 0, start: str = "") -> None:
        """Read until `words` are on the screen, behind `start` where that is given."""
        end = time.monotonic() + PATIENCE
        while words not in self.screen[after:].partition(start)[2] if start else words not in self.screen[after:]:
            assert time.monotonic() < end, f"{words!r} did not come: {self.screen!r}"
            assert self._read(), f"{self.name} ended: {self.screen!r}"

    def end(self) -> None:
        """Have it end."""
        self.process.kill()
        self.process.wait(timeout=PATIENCE)
        os.close(self._terminal)

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], 15)[0]:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError:
            return False
        self.screen += self._decoder.decode(data)
        return bool(data)
