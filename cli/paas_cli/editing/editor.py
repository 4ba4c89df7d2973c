# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH118, PTH123
"""Have a text edited: in a private file that is gone afterwards, however this ends.

Must not be given a secret: an editor keeps copies of its own, of which nothing is known here.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from shlex import split
from types import FrameType

from paas_cli.errors import Failure

_FALLBACKS = ("vi", "nano")
# What ends a program whose terminal is closed, or which is told to end.
_ENDING = (signal.SIGTERM, signal.SIGHUP)


def command(environ: Mapping[str, str]) -> list[str]:
    """The editor of whoever runs this, as words. Raises Failure where there is none."""
    for variable in ("VISUAL", "EDITOR"):
        if given := environ.get(variable, "").strip():
            try:
                return split(given)
            except ValueError:
                raise Failure(f"{variable} opens a quote that it does not close.") from None
    for name in _FALLBACKS:
        if (found := shutil.which(name, path=environ.get("PATH"))) is not None:
            return [found]
    raise Failure("There is no editor: put the command of yours into VISUAL or EDITOR, such as `EDITOR=nano`.")


@contextmanager
def private_file(name: str, environ: Mapping[str, str]) -> Iterator[str]:
    """A path for a file of this name, in a folder that is nobody else's and is removed with all that is in it.

    Where there is one, it is in a folder that is in memory (XDG_RUNTIME_DIR). Signals that end a program end this as
    a Failure, so that nothing is left.
    """
    before = {number: signal.signal(number, _end) for number in _ENDING}
    runtime = environ.get("XDG_RUNTIME_DIR")
    folder = tempfile.mkdtemp(prefix="paas-", dir=runtime if runtime and os.access(runtime, os.W_OK) else None)
    try:
        yield os.path.join(folder, name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # with what editors put beside a file
        for number, handler in before.items():
            signal.signal(number, handler)


def edited(words: list[str], path: str, text: str) -> str:
    """`text` as the editor left it. Raises Failure where it did not end well, or left no text."""
    _write(path, text)
    ctrl_c = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the editor's while that runs
    try:
        ended = subprocess.run([*words, path], check=False, restore_signals=True, preexec_fn=_heed_ctrl_c)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise Failure(f"The editor of VISUAL or EDITOR can't be started: {reason}.") from None
    finally:
        signal.signal(signal.SIGINT, ctrl_c)
    if ended.returncode:
        raise Failure(f"The editor ended with {ended.returncode}; nothing was changed.")
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8")
    except FileNotFoundError:
        raise Failure("The editor left no file; nothing was changed.") from None
    except UnicodeDecodeError:
        raise Failure("The editor left text that is not UTF-8; nothing was changed.") from None


def _write(path: str, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(text.encode("utf-8"))


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _end(number: int, _: FrameType | None) -> None:
    raise Failure("Ended by a signal; nothing was changed.", exit_code=128 + number)
