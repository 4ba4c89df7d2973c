"""Which readers take a value that is written in a form for another one: rules.

Each was found by running the reader, and goes on being compared with it (`tests/foreign_readers`): none may read a
value wrong that its rule has it read right. A reader is as a program has it that sets nothing up, in an empty
environment.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from paas_cli.dotenv.quoting import Form, escaped

_FILLED_IN: Final = re.compile(r"\$\{[^}]*\}")


def _npm(form: Form, value: str) -> bool:
    r"""It ends lines at carriage returns; in double quotes it knows `\n` and `\r`, and leaves other backslashes."""
    if form is Form.DOUBLE:
        return escaped(value).replace("\\r", "\r") != value
    return "\r" in value


def _python(form: Form, value: str) -> bool:
    r"""It fills `${...}` in anywhere, takes `\\` in single quotes for one, and knows no escaped `$` or backtick."""
    if _FILLED_IN.search(value):
        return True
    if form is Form.SINGLE:
        return "\\\\" in value or "\r" in value
    return form is Form.DOUBLE and re.search(r"\\[$`]", escaped(value)) is not None


def _go(form: Form, value: str) -> bool:
    """It looks for a closing quote without reading escapes, and takes every quote off at either end."""
    if form is Form.DOUBLE:
        return value.endswith(("\\", '"'))
    return "\r\n" in value


def _compose(form: Form, value: str) -> bool:
    """It knows no escaped backtick."""
    return "`" in value if form is Form.DOUBLE else "\r\n" in value


def _sh(form: Form, value: str) -> bool:
    """It has no escape for a carriage return, and takes a backslash that stands bare for one."""
    if form is Form.DOUBLE:
        return "\r" in value
    return form is Form.BARE and "\\" in value


READERS: Final[Mapping[str, Callable[[Form, str], bool]]] = {
    "npm dotenv": _npm,
    "python-dotenv": _python,
    "godotenv": _go,
    "Docker Compose": _compose,
    "sh": _sh,
}
"""By reader, whether it may read another value than the one that was written."""


def misreaders(form: Form, value: str) -> list[str]:
    """The readers that would read it as another."""
    return [reader for reader, rule in READERS.items() if rule(form, value)]
