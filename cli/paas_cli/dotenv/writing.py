"""Write variables so that as many readers as possible read the same value back.

Readers: our own import, npm's dotenv, python-dotenv without interpolation, Docker Compose and `sh`. No form
suits all of them for every value, so each value gets the form most of them agree on (BS is a backslash):

| value                                | form          | who reads something else                         |
| plain characters                     | bare          | nobody                                           |
| no ', no CR, no BS at its end        | '...'         | python-dotenv, where it has two BS in a row      |
| plain characters and BS, BS at end   | bare          | `sh`; the shell format is for it                 |
| anything else                        | "..." escaped | npm where " $ ` or BS are in it; python-dotenv   |
|                                      |               | where $ or ` are; `sh` where a CR is             |

A `$` or a backtick in double quotes is always escaped: a file that is sourced must not run what a value says.
"""

import re
from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_PLAIN_AND_BACKSLASH = re.compile(r"[A-Za-z0-9_./:@%+,=\\-]*")


def dotenv(values: Mapping[str, str]) -> str:
    """The text of a .env file."""
    return "".join(f"{name}={_form(value)}\n" for name, value in values.items())


def _form(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    if "'" not in value and "\r" not in value and not value.endswith("\\"):
        return f"'{value}'"
    if _PLAIN_AND_BACKSLASH.fullmatch(value):
        return value
    escaped = re.sub(r'([\\"$`])', r"\\\1", value).replace("\r", "\\r")
    return f'"{escaped}"'


def shell(values: Mapping[str, str]) -> str:
    """Lines for `.` in any POSIX shell: single quotes, which nothing in a value can leave."""
    return "".join(f"export {name}={_single_quoted(value)}\n" for name, value in values.items())


def _single_quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
