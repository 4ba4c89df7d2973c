# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH108, PTH111, PTH112, PTH118
"""Names that a gateway told, kept for the next press of Tab: a private file for each kind, sign-in and app.

A file's name is a digest of whose names they are, so that another sign-in finds nothing. No value is kept.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from paas_cli.errors import Failure
from paas_cli.files import private_file

# Seconds in which names are not asked for again: once they came, once they did not, once it was refused. A refusal is
# an event of the audit log, so pressing Tab must not make many of them.
FRESH = 60
FAILED = 10
DENIED = 3600
# Seconds after which they are not shown any more.
_STALE = 24 * 3600
_FORM = "names 1"


@dataclass(frozen=True)
class Kept:
    """Names, when they came (seconds since 1970; 0 for never), and when to ask anew."""

    names: tuple[str, ...] = ()
    came_at: int = 0
    ask_at: int = 0

    def usable(self, now: float) -> tuple[str, ...]:
        """The names, none where they are too old or of a time to come."""
        return self.names if 0 <= now - self.came_at < _STALE else ()

    def is_due(self, now: float) -> bool:
        """Whether to ask anew."""
        return now >= self.ask_at or self.ask_at > now + DENIED


def folder(environ: Mapping[str, str]) -> str:
    """Where they are kept; it need not exist."""
    above = environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(above, "paas", "names")


def path(environ: Mapping[str, str], *whose: str) -> str:
    """The file of the names that `whose` tells: kind, gateway, sign-in and app."""
    digest = sha256("\0".join(("paas names", *whose)).encode("utf-8", "surrogateescape")).hexdigest()
    return os.path.join(folder(environ), digest[:40])


def read(file: str) -> Kept:
    """What is kept in a file; nothing where it can't be read or trusted."""
    try:
        content = private_file.read(file, exactly_0600=True)
        head, *names = (content or b"").decode("utf-8").splitlines()
        form, _, moments = head.rpartition(" at ")
        came_at, ask_at = map(int, moments.split())
    except (Failure, ValueError):
        return Kept()
    return Kept(tuple(names), came_at, ask_at) if form == _FORM else Kept()


def write(file: str, kept: Kept) -> None:
    """Keep it. Raises Failure where that can't be done."""
    lines = [f"{_FORM} at {kept.came_at} {kept.ask_at}", *kept.names]
    private_file.write(file, ("\n".join(lines) + "\n").encode())


def drop_old(environ: Mapping[str, str], *, now: float) -> None:
    """Take away what nobody has asked for in a day."""
    _drop(environ, before=now - _STALE)


def forget(environ: Mapping[str, str]) -> None:
    """Take everything away: who is signed in is another, or nobody."""
    if os.path.isdir(folder(environ)):
        from paas_cli.files.file_lock import locked

        with suppress(Failure), locked(folder(environ)):  # who is writing just now looks at who is signed in before
            _drop(environ, before=None)


def _drop(environ: Mapping[str, str], *, before: float | None) -> None:
    with suppress(OSError):
        for entry in os.scandir(folder(environ)):
            with suppress(OSError):
                if before is None or entry.stat(follow_symlinks=False).st_mtime < before:
                    os.unlink(entry.path)
