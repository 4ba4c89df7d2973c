"""Ask for one line on the terminal without showing it.

Not `getpass`: it keeps the first line of a paste and lets the rest go to the shell, or nowhere. Must not return a
value that was cut, and must not leave a line behind that the shell would run.
"""

import os
import select
import sys
import termios
import time
from typing import Any

from paas_cli.session import Session

# Seconds within which the rest of a paste follows its first line, and seconds after which it is read no longer.
_GRACE, _PATIENCE = 0.2, 5.0
# Bytes of a line that a terminal keeps; what is typed past them is dropped without a word (termios(3), canonical mode).
_LONGEST = 1023 if sys.platform == "darwin" else 4095

_LOCAL, _CHARACTERS = 3, 6  # places in what tcgetattr returns


def hidden(session: Session, question: str) -> str | None:
    """The line typed, without its ending; None where it is not whole: more came, or it is too long for a terminal.

    Standard input has to be a terminal.
    """
    terminal = session.surroundings.stdin.fileno()
    before = termios.tcgetattr(terminal)
    quiet: list[Any] = [*before]
    quiet[_LOCAL] &= ~termios.ECHO
    try:
        # What was typed ahead counts: flushing it could take the first line of a paste and keep the second.
        termios.tcsetattr(terminal, termios.TCSADRAIN, quiet)
        session.out.flush()
        session.err.raw(question)
        session.err.flush()
        line = _line(terminal)
        is_whole = not _more(terminal, quiet) and len(line) < _LONGEST
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        session.err.line()
    return line.decode("utf-8", "surrogateescape") if is_whole else None


def _line(terminal: int) -> bytes:
    """Up to Enter, or to Ctrl-D."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(terminal, 65536)
        if not part:
            break
        line += part
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _more(terminal: int, quiet: list[Any]) -> bool:
    """Whether more than empty lines follow at once. All of it is taken away."""
    unbuffered = [*quiet]  # so that a last line without its end is seen as well
    unbuffered[_LOCAL] &= ~termios.ICANON
    unbuffered[_CHARACTERS] = [*quiet[_CHARACTERS]]
    unbuffered[_CHARACTERS][termios.VMIN] = unbuffered[_CHARACTERS][termios.VTIME] = 0
    termios.tcsetattr(terminal, termios.TCSADRAIN, unbuffered)
    more = b""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and select.select([terminal], [], [], _GRACE)[0]:
        part = os.read(terminal, 65536)
        if not part:
            break
        more += part.strip(b"\r\n")
    termios.tcflush(terminal, termios.TCIFLUSH)
    return bool(more)
