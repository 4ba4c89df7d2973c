"""Does a word look like a credential: a config var that should have been a secret, or a value in a name's place?

A guess. It leads to a warning, or to a word that is counted and not shown; a word is refused for it only where a
name stands alone and nothing is lost by writing it otherwise. Must not show what it looked at.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from paas_cli.names import NAME
from paas_cli.output import MASK

if TYPE_CHECKING:
    from paas_cli.session import Session

_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
# Published forms of tokens; a private key by its first line (RFC 7468).
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{8,}|\bwhsec_[A-Za-z0-9]{16,}"  # Stripe
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}"  # GitHub
    r"|\bglpat-[A-Za-z0-9_-]{16,}"  # GitLab
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"  # Slack
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS access key ids
    r"|\bAIza[A-Za-z0-9_-]{30,}"  # Google API keys
    r"|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}|\bdckr_pat_[A-Za-z0-9_-]{20,}"
    r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"  # SendGrid
    r"|\bdop_v1_[a-f0-9]{40,}|\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{30,}|\bhf_[A-Za-z0-9]{30,}|\bhvs\.[A-Za-z0-9_-]{20,}"
    r"|\bpaas_pat_[A-Za-z0-9]{20,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"  # JSON web tokens
)
# Twenty characters and more without a word's break, letters and digits mixed: what random bytes look like in text.
_RANDOM = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9A-Z]*[a-z])[A-Za-z0-9]{20,}")
# A part of a name between underscores, as people write it: in one case, with no more than a few digits.
_PART = re.compile(r"[A-Z]+[0-9]{0,4}|[A-Z0-9]{1,6}|[a-z]+[0-9]{0,4}|[a-z0-9]{1,6}")


def looks_like_one(name: str, value: str) -> bool:
    """Whether name or value suggests a credential; an empty value never does."""
    return bool(value) and (_NAME.search(name) is not None or _VALUE.search(value) is not None)


def may_be_a_value(word: str) -> bool:
    """Whether a word in a name's place has the form of a token or of random bytes."""
    return _VALUE.search(word) is not None or _RANDOM.fullmatch(word) is not None


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
    return _VALUE.sub(MASK, text)


def warn_about(values: Mapping[str, str], session: "Session", *, options: str) -> None:
    """Warn once about all that look like credentials, with the command that would seal them.

    `options` are those that were given for the release, such as ` --stage`.
    """
    suspects = [name for name, value in values.items() if looks_like_one(name, value)]
    if not suspects:
        return
    what = "looks like a credential" if len(suspects) == 1 else "look like credentials"
    instead = session.hint(f"secrets:set {' '.join(suspects)}{options}")
    session.warn(
        f"{', '.join(suspects)} {what}, and config vars are kept as plain text; {instead} seals instead and asks for "
        f"the value{'' if len(suspects) == 1 else 's'} ({session.hint('config:unset')} first if a config var has the "
        "name)."
    )
