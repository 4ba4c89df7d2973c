"""Read the two small TOML files of the command line with errors that name the file and the line.

Must not quote a line of the file: it may hold a token.
"""

import re

from paas_cli.errors import Failure

Table = dict[str, object]


def parse(content: bytes, *, path: str) -> Table:
    """The tables of a TOML file, which may begin with a byte order mark. Raises Failure where it is not TOML."""
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Failure(f"Line {line} of {path} is not UTF-8 text; correct it.") from None
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at (line \d+), column \d+\)$", str(error))
        raise Failure(f"{path} can't be read as TOML{f' at {where.group(1)}' if where else ''}; correct it.") from None


def text(table: Table, key: str, *, path: str) -> str | None:
    """The string under `key`, None where it is absent. Raises Failure for anything but a string."""
    value = table.get(key)
    if value is None or isinstance(value, str):
        return value
    raise Failure(f"`{key}` in {path} must be text in quotes; correct it.")


def quoted(value: str) -> str:
    """`value` as a TOML basic string (TOML 1.0, section String)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub("[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found.group()):04x}", escaped) + '"'
