# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH116, PTH118
"""The program that is run: found before a secret is revealed for it, and then in this process's place.

It takes the place (execve) and is no child: the terminal, signals, job control and the exit status are its own, and
nothing that has the values stays behind. Exit codes are those of a shell: 127 and 126.
"""

import errno
import os
import signal
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from paas_cli.errors import Failure
from paas_cli.terminal.text import visible

NOT_RUNNABLE = 126
NOT_FOUND = 127
# What Python has the process ignore, and a program that is started must find as usual.
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
_REASONS = {
    errno.ENOEXEC: "it is no program, or a script without a `#!` line",
    errno.ENOENT: "what its `#!` line names is not there",
    errno.E2BIG: "its arguments and environment are larger than this system allows",
}


@dataclass(frozen=True)
class Program:
    """A file to run, its arguments from its name on, and its environment."""

    path: str
    arguments: Sequence[str]
    environment: Mapping[bytes, bytes] = field(repr=False)


def find(word: str, search_path: str | None) -> str:
    """The file that a word means, as a shell looks for it. Raises Failure."""
    folders = (os.defpath if search_path is None else search_path).split(os.pathsep)
    is_path = os.sep in word
    candidates = [word] if is_path else [os.path.join(folder or os.curdir, word) for folder in folders]
    reason = ""
    for path in candidates:
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            reason = reason or ("" if error.errno in (errno.ENOENT, errno.ENOTDIR) else _reason(error))
            continue
        if stat.S_ISREG(mode) and os.access(path, os.X_OK):
            return path
        if is_path or not stat.S_ISDIR(mode):
            reason = reason or ("it is a folder" if stat.S_ISDIR(mode) else "it is not executable")
    if reason:
        raise Failure(f"{visible(word)} can't be run: {reason}.", exit_code=NOT_RUNNABLE)
    where = "" if is_path else " in PATH"
    raise Failure(f"There is no program {visible(word)}{where}.", exit_code=NOT_FOUND)


def become(program: Program) -> NoReturn:
    """Have the program take this process's place. Raises Failure where the system refuses."""
    for number in IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(program.path, list(program.arguments), dict(program.environment))  # noqa: S606 - what was asked for
    except OSError as error:
        raise refused(program, error) from None


def refused(program: Program, error: OSError) -> Failure:
    """The system's refusal in words."""
    return Failure(f"{visible(program.arguments[0])} can't be run: {_reason(error)}.", exit_code=NOT_RUNNABLE)


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0) or (error.strerror or "unknown reason").lower()
