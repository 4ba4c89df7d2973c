"""Does a word look like a credential: a config var that should have been a secret, or a value in a name's place?

A guess. It leads to a warning, or to a word that is counted and not shown; a word is refused for it only where a
name stands alone and nothing is lost by writing it otherwise. Must not show what it looked at.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from paas_cli.terminal.output import MASK
from paas_cli.typed.names import NAME

if TYPE_CHECKING:
    from paas_cli.session import Session

# What may repeat and has to be followed by something is bounded: a value of 64 KiB is read in one go all the same.
# A private key by its first line (RFC 7468), a JSON web token (RFC 7519), a password in a URL (RFC 3986, 3.2.1).
_PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"
_WEB_SIGNED = r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
# A password that is a reference, such as `${DB_PASSWORD}` or `<password>`, stands for one and is none.
_IN_URL = (
    r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/?#:@\"']*:"
    r"(?!(?:\$\{?\w+(?::?[-?][^}]*)?\}?|<[^>]*>|\{\{[^}]*\}\}|%\w+%|\*+|\u2022+)@)[^\s/?#@\"']+@"
)
# Twenty characters and more without a word's break, letters and digits mixed: what random bytes look like in text.
_RANDOM = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9A-Z]*[a-z])[A-Za-z0-9]{20,}")
# A part of a name between underscores, as people write it: in one case, with no more than a few digits.
_PART = re.compile(r"[A-Z]+[0-9]{0,4}|[A-Z0-9]{1,6}|[a-z]+[0-9]{0,4}|[a-z0-9]{1,6}")


@cache
def _forms() -> re.Pattern[str]:
    """Published forms of credentials. Compiled once it is asked for: that takes longer than importing all of this."""
    from paas_cli.typed.providers import FORMS

    return re.compile("|".join([_PRIVATE_KEY, _WEB_SIGNED, _IN_URL, *(rf"\b(?:{form})" for form in FORMS.values())]))


def looks_like_one(name: str, value: str) -> bool:
    """Whether name or value suggests a credential; an empty value never does."""
    from paas_cli.typed.credential_names import names_one

    return bool(value) and (names_one(name, value) or _forms().search(value) is not None)


def may_be_a_value(word: str) -> bool:
    """Whether a word in a name's place has the form of a token or of random bytes."""
    return _forms().search(word) is not None or _RANDOM.fullmatch(word) is not None


def is_plainly_a_name(word: str) -> bool:
    """Whether a word stands for itself in an error: a name that people would know again as one.

    `API_KEY`, `S3_BUCKET`, `PORT` and `http_proxy` do. One word in lower case does not: `hunter2` may be a password.
    """
    if NAME.fullmatch(word) is None or may_be_a_value(word) or word not in (word.upper(), word.lower()):
        return False
    parts = [part for part in word.split("_") if part]
    return all(map(_PART.fullmatch, parts)) and (word == word.upper() or len(parts) > 1)


def shown(word: str, position: int) -> str:
    """The word, or where it may be a value, the number of its argument, which starts at 1."""
    return word if is_plainly_a_name(word) else f"argument {position}"


def masked(text: str) -> str:
    """`text` without anything that has the form of a token: the last guard of every error."""
    return _forms().sub(MASK, text)


def warn_about(values: Mapping[str, str], session: "Session", *, options: str, instead: str = "") -> None:
    """Warn once about all that look like credentials, with the commands that seal them.

    `options` are those that were given for the release, such as ` --stage`; `instead` is the command that seals them
    where they come from, without it the one that asks for each.
    """
    suspects = [name for name, value in values.items() if looks_like_one(name, value)]
    if not suspects:
        return
    what = "looks like a credential" if len(suspects) == 1 else "look like credentials"
    names, one = " ".join(suspects), len(suspects) == 1
    asking = "" if instead else f" and asks for the value{'' if one else 's'}"
    sealing = session.hint(f"{instead or f'secrets:set {names}'}{options}")
    later = session.hint(f"secrets:seal {names}")
    session.warn(
        f"{', '.join(suspects)} {what}, and config vars are kept as plain text; {sealing} seals instead{asking}, and "
        f"{later} makes {'a secret' if one else 'secrets'} of what is set already."
    )
