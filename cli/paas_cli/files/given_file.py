# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH105, PTH108, PTH110, PTH112, PTH114, PTH115, PTH116, PTH118, PTH120, PTH123
"""Write the file that a person named, where the name points.

An ordinary file is replaced as a whole or not at all, and is its owner's alone (mode 0600); behind a symbolic link
it is the link's target, and the link stays. A FIFO, a device or a descriptor is opened and written. Must not make a
folder: a name that is mistyped would become one.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from paas_cli.errors import READER_GONE, Failure, Misuse
from paas_cli.terminal import streams
from paas_cli.terminal.output import Output
from paas_cli.terminal.text import visible


def write(path: str, text: str, *, out: Output) -> bool:
    """Write `text` to `path`; `-` and whatever else is standard output goes through `out`.

    Whether it went into a file rather than there. Raises Failure naming the path where it can't be written.
    """
    content = text.encode("utf-8")
    try:
        number = 1 if path == "-" else _descriptor(path)
        if number == 1:  # through its buffer, and so that a failure is told as one of standard output
            out.raw(text)
            return False
        if number is not None:
            _pour(os.dup(number), content)
        elif _is_to_be_opened(path):
            _pour(os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY), content)
        else:
            _replace(os.path.realpath(path), content, named=path)
    except BrokenPipeError:
        raise Failure(f"{visible(path)} was not read to its end.", exit_code=READER_GONE) from None
    except OSError as error:
        raise Failure(f"{visible(path)} can't be written: {streams.reason(error)}.") from None
    return True


@dataclass(frozen=True)
class Pieces:
    """What writes piece by piece. `is_file` is False for standard output; `unfinished` is where a part of it is."""

    write: Callable[[str], object]
    is_file: bool = True
    unfinished: str = ""


@contextmanager
def in_pieces(path: str, *, out: Output) -> Iterator[Pieces]:
    """Write to `path` piece by piece, for the length of a block; `-` and standard output go through `out`.

    An ordinary file is in its place once the block has ended well. Where it ends otherwise, what there is so far stays
    beside it. Raises Failure naming the path where it can't be written.
    """
    try:
        number = 1 if path == "-" else _descriptor(path)
        if number == 1:
            yield Pieces(out.raw, is_file=False)
        elif number is not None or _is_to_be_opened(path):
            opened = os.dup(number) if number is not None else os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
            with open(opened, "w", encoding="utf-8") as file:
                yield Pieces(file.write)
        else:
            yield from _beside(os.path.realpath(path), named=path)
    except BrokenPipeError:
        raise Failure(f"{visible(path)} was not read to its end.", exit_code=READER_GONE) from None
    except OSError as error:
        raise Failure(f"{visible(path)} can't be written: {streams.reason(error)}.") from None


def _beside(path: str, *, named: str) -> Iterator[Pieces]:
    """Write beside `path`, and put it in its place in the end."""
    _check_place(path, named=named)
    part = f"{path}.part"
    with suppress(FileNotFoundError):
        os.unlink(part)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)  # whatever the umask says
        yield Pieces(file.write, unfinished=part)
        file.flush()
        os.fsync(descriptor)
    os.replace(part, path)


def check_new(path: str) -> None:
    """Raise Failure or Misuse now where `write_new` would, as far as that can be known before there is a content."""
    try:
        number = _own_descriptor(path)
        if number is None and os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if number is None and not _is_to_be_opened(path):
            target = os.path.realpath(path)
            if os.path.lexists(target):
                raise _is_there(path)
            _check_place(target, named=path)
    except OSError as error:
        raise Failure(f"{visible(path)} can't be written: {streams.reason(error)}.") from None


def write_new(path: str, text: str) -> None:
    """As `write`, but what is an ordinary file already is never replaced, and nothing goes to standard output.

    Raises Failure and Misuse.
    """
    content = text.encode("utf-8")
    try:
        number = _own_descriptor(path)
        if number is not None:
            _pour(os.dup(number), content)
        elif _is_to_be_opened(path):
            _pour(os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY), content)
        else:
            _put(os.path.realpath(path), content, place=os.link)
    except FileExistsError:
        raise _is_there(path) from None
    except BrokenPipeError:
        raise Failure(f"{visible(path)} was not read to its end.", exit_code=READER_GONE) from None
    except OSError as error:
        raise Failure(f"{visible(path)} can't be written: {streams.reason(error)}.") from None


def _own_descriptor(path: str) -> int | None:
    """As `_descriptor`. Raises Misuse for standard output."""
    number = 1 if path == "-" else _descriptor(path)
    if number == 1:
        raise Misuse("This needs a file of its own: standard output has what the command prints.")
    return number


def _is_there(path: str) -> Failure:
    return Failure(f"{visible(path)} is there already, and is not replaced; name another, or remove it.")


def _descriptor(path: str) -> int | None:
    """The number behind /dev/stdout, /dev/fd/3 and the like, None for any other name.

    Opening such a name starts at the file's beginning, where the shell's `>>` meant its end.
    """
    own = os.path.realpath("/proc/self/fd")
    for _ in range(40):  # as many links as Linux follows
        folder, name = os.path.split(path)
        folder = os.path.realpath(folder or ".")
        if folder == own and name.isdecimal():
            return int(name)
        path = os.path.join(folder, name)
        if not os.path.islink(path):
            return None
        path = os.path.join(folder, os.readlink(path))
    return None


def _is_to_be_opened(path: str) -> bool:
    """Whether there is something at `path` that is no ordinary file. Raises OSError, but not for nothing at all."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        if path.endswith(os.sep):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
        return False
    return not stat.S_ISREG(mode)


def _pour(descriptor: int, content: bytes) -> None:
    with open(descriptor, "wb", buffering=0) as file:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]


def _replace(path: str, content: bytes, *, named: str) -> None:
    """Put an ordinary file in the place of `path`, which is no link and may not exist."""
    _check_place(path, named=named)
    _put(path, content, place=os.replace)


def _put(path: str, content: bytes, *, place: Callable[[str, str], None]) -> None:
    """Write beside, and have `place` put it there: os.replace, or os.link where nothing may be there."""
    temporary = os.path.join(os.path.dirname(path), f".{os.urandom(6).hex()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)  # whatever the umask says
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        place(temporary, path)
    finally:
        with suppress(FileNotFoundError):  # it was moved
            os.unlink(temporary)


def _check_place(path: str, *, named: str) -> None:
    """Raise Failure or OSError where a file can't be put in the place of `path`."""
    folder = os.path.dirname(path)
    for needed in (os.path.dirname(named) or ".", folder):  # the name's own, and the one a link leads to
        if not os.path.isdir(needed):
            what = f"{visible(named)} can't be written: there is no folder {visible(needed)}"
            raise Failure(f"{what}; make it first, or correct the name.")
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
