"""The ways in which a .env file can have a value, as far as our own import and a shell that sources it are concerned.

In double quotes a backtick, and a `$` that could begin something, is always escaped, and what is bare has neither: a
file that is sourced must not run what a value says.
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_PLAIN_AND_BACKSLASH: Final = re.compile(r"[A-Za-z0-9_./:@%+,=\\-]*")
# A `$` before anything but these is one to a shell (POSIX, 2.6 and 2.5.2) and to every library; after a backslash,
# godotenv would take that for the escape of this.
_TO_ESCAPE: Final = re.compile(r"""[\\"`]|(?<=\\)\$|\$(?=[A-Za-z0-9_{(@*#?$!'"\[-])""")


class Form(Enum):
    """How a value is written."""

    BARE = "bare"
    SINGLE = "single quotes"
    DOUBLE = "double quotes"


def possible(value: str) -> Sequence[Form]:
    """The forms that can hold a value, the one to be preferred first: what is read alike where it stands alone may
    still be mangled by what files go through, so a carriage return is better escaped.
    """
    if _PLAIN.fullmatch(value):
        return (Form.BARE,)
    forms = [Form.BARE] if _PLAIN_AND_BACKSLASH.fullmatch(value) else []
    # After a backslash some readers go on past the closing quote, to wherever the next one is.
    if "'" not in value and not value.endswith("\\"):
        forms.insert(0, Form.SINGLE)
    return (Form.DOUBLE, *forms) if "\r" in value else (*forms, Form.DOUBLE)


def written(form: Form, value: str) -> str:
    """The value in this form."""
    if form is Form.BARE:
        return value
    return f"'{value}'" if form is Form.SINGLE else f'"{escaped(value)}"'


def escaped(value: str) -> str:
    """What stands between double quotes."""
    return _TO_ESCAPE.sub(r"\\\g<0>", value).replace("\r", "\\r")
