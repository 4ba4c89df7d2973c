# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH100, PTH103, PTH105, PTH108, PTH118, PTH119, PTH120, PTH123
"""Read and write files that are nobody else's business: mode 0600, replaced as a whole or not at all.

Must not create a file that others can read even for a moment, nor follow a planted symbolic link on reading.
"""

import os
import stat

from paas_cli.errors import Failure

_MAX_BYTES = 1024 * 1024


def write(path: str, content: bytes) -> None:
    """Replace `path` with `content`, mode 0600. Raises Failure where the folder can't be written."""
    folder = os.path.dirname(os.path.abspath(path))
    temporary = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}.new")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot("written", path, error) from None
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)  # whatever the umask says
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError):
            raise _cannot("written", path, error) from None
        raise


def read(path: str, *, exactly_0600: bool) -> bytes | None:
    """The content of a private file, None where there is none.

    Raises Failure where it belongs to someone else, or others may read or write it. `exactly_0600` also refuses
    symbolic links and any other mode.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_NOFOLLOW if exactly_0600 else 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot("read", path, error) from None
    with open(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        mode = stat.S_IMODE(facts.st_mode)
        if not stat.S_ISREG(facts.st_mode):
            raise Failure(f"{path} is not an ordinary file; replace it with one.")
        if facts.st_uid != os.geteuid():
            raise Failure(f"{path} belongs to another user, who could have written anything there; it is not used.")
        if (exactly_0600 and mode != 0o600) or mode & 0o077:
            raise Failure(
                f"{path} has mode {mode:04o}, so others could read it or write it; if it is yours, run "
                f"`chmod 600 {path}`."
            )
        return file.read(_MAX_BYTES)


def _cannot(what: str, path: str, error: OSError) -> Failure:
    return Failure(f"{path} can't be {what}: {(error.strerror or 'unknown reason').lower()}.")
