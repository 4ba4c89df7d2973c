# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH123
"""The file of variables that a person named, as text. Whatever the locale says, it is UTF-8 or refused.

Must not quote any of it in an error.
"""

from paas_cli.dotenv import formats
from paas_cli.dotenv.found import Found
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal import streams
from paas_cli.terminal.text import visible

# More than any app holds (512 KiB), comments included.
_MAX_BYTES = 4 * 1024 * 1024
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read(file: str, format_: str, session: Session) -> Found:
    """The variables of `file`, `-` being standard input; what is remarkable about them is noted.

    Raises Failure where it can't be read, or a line of it.
    """
    found = formats.read(format_, _text(file, session), source=shown(file))
    for remark in found.remarks:
        session.note(remark)
    return found


def shown(file: str) -> str:
    """What to call it."""
    return "standard input" if file == "-" else visible(file)


def _text(file: str, session: Session) -> str:
    try:
        if file == "-":
            content = streams.read(session.surroundings.stdin, _MAX_BYTES + 1)
        else:
            with open(file, "rb") as opened:
                content = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise Failure(f"{shown(file)} can't be read: {(error.strerror or 'unknown reason').lower()}.") from None
    if len(content) > _MAX_BYTES:
        raise Failure(f"{shown(file)} is larger than {_MAX_BYTES // 1024 // 1024} MiB, and an app holds 512 KiB.")
    if content.startswith(_UTF_16):
        raise Failure(f"{shown(file)} is UTF-16 text; save it as UTF-8. Nothing was imported.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Failure(f"Line {line} of {shown(file)} is not UTF-8 text; nothing was imported.") from None
