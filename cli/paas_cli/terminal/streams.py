"""The three standard streams, told apart from everything else that can fail.

A stream may be closed (`>&-`), full, or a pipe whose reader has gone, and none of that is a fault of a command. So
a write that fails is `Unwritten` and nothing else, and once what was asked for is done it stops nothing any more.
Must not word errors for people, and must not let a closed descriptor's number go to a socket.
"""

import errno
import os
import sys
from types import TracebackType
from typing import Self, TextIO, cast

from paas_cli.errors import Failure

_REASONS = {errno.EBADF: "it is closed", errno.EPIPE: "its reader has gone"}


class Unwritten(Exception):
    """Standard output can't be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.reason = reason(error)
        self.is_reader_gone = error.errno == errno.EPIPE


class Guarded:
    """An output stream whose failures are `Unwritten`; those of an `optional` one are passed over.

    `is_done` is set once what was asked for is done: from then on only a reader that has gone ends the command,
    because it wants no more. `lost` is the last failure.
    """

    def __init__(self, stream: TextIO, *, optional: bool = False) -> None:
        self._stream = stream
        self._optional = optional
        self.is_done = False
        self.lost: Unwritten | None = None

    def write(self, text: str) -> int:
        """As a stream does. Raises Unwritten."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._fail(error)
            return len(text)

    def flush(self) -> None:
        """As a stream does. Raises Unwritten."""
        try:
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def give_up(self) -> None:
        """Let what is still in the buffer go nowhere, or the interpreter would complain of it as it ends."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def _fail(self, error: OSError) -> None:
        self.lost = Unwritten(error)
        if not self._optional and (self.lost.is_reader_gone or not self.is_done):
            raise self.lost from None

    def __getattr__(self, name: str) -> object:
        """Everything else is the stream's own: `isatty`, `encoding`, `fileno`."""
        return getattr(self._stream, name)


class Standard:
    """The streams of one run; inside `with`, they are those of `sys` too."""

    def __init__(self, stdin: TextIO, out: Guarded, err: Guarded, *, before: tuple[TextIO, TextIO, TextIO]) -> None:
        self.stdin = stdin
        self.out = out
        self.err = err
        self._before = before

    @property
    def stdout(self) -> TextIO:
        """`out` as the type that others ask for."""
        return cast("TextIO", self.out)

    @property
    def stderr(self) -> TextIO:
        """`err` as the type that others ask for."""
        return cast("TextIO", self.err)

    def done(self) -> None:
        """What was asked for is done: an output that fails stops nothing any more."""
        self.out.is_done = True

    def __enter__(self) -> Self:
        sys.stdin, sys.stdout, sys.stderr = self.stdin, self.stdout, self.stderr
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.err.flush()
        for stream in (self.out, self.err):
            if stream.lost:
                stream.give_up()
        sys.stdin, sys.stdout, sys.stderr = self._before


def standard() -> Standard:
    """The process's own streams, text in them being UTF-8 whatever the locale says."""
    # In this order: each closed one takes the lowest free number, which is its own.
    before = (
        sys.stdin or _closed(os.O_WRONLY, "r"),
        sys.stdout or _closed(os.O_RDONLY, "w"),
        sys.stderr or _closed(os.O_RDONLY, "w"),
    )
    for stream in before[1:]:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return Standard(before[0], Guarded(before[1]), Guarded(before[2], optional=True), before=before)


def _closed(wrong: int, mode: str) -> TextIO:
    """A stream in the place of a closed one. It fails as that would: it is opened the wrong way round."""
    return cast("TextIO", os.fdopen(os.open(os.devnull, wrong), mode, encoding="utf-8"))


def read(stream: TextIO, limit: int) -> bytes:
    """At most `limit` bytes of standard input. Raises Failure where it can't be read."""
    try:
        return stream.buffer.read(limit)
    except OSError as error:
        raise unreadable(error) from None


def unreadable(error: OSError) -> Failure:
    """Standard input in words."""
    return Failure(f"Standard input can't be read ({reason(error)}); nothing was changed.")


def reason(error: OSError) -> str:
    """What the system says, as the end of a sentence."""
    return _REASONS.get(error.errno or 0) or (error.strerror or "unknown reason").lower()
