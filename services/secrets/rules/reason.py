"""The reason that somebody gives for revealing secrets: a line for the audit log, which never has a value in it."""

import re
from collections.abc import Iterable
from typing import Final

from paaskit.errors import FieldViolation, InvalidInput
from paaskit.redact import Plaintext

LONGEST: Final = 200
"""In characters."""
# So many characters of a value in a row got there by no chance.
_PART: Final = 16
# A value that is shorter than this is in many a sentence; it is looked for as a word of its own.
_SHORT: Final = 4


def violations_of_reason(reason: str) -> list[FieldViolation]:
    """Return what is wrong with a reason before any value is known. An empty one is none, and fine."""
    if len(reason) > LONGEST:
        return [FieldViolation("reason", f"a reason has at most {LONGEST} characters")]
    if reason and not reason.strip():
        return [FieldViolation("reason", "a reason says something; leave it out where there is none")]
    return []


def refuse_telling(reason: str, values: Iterable[Plaintext]) -> None:
    """Raise InvalidInput, which repeats nothing of it, where a reason has a value in it or a part of one."""
    parts = {reason[start : start + _PART] for start in range(len(reason) - _PART + 1)}
    if any(_tells(reason, parts, plaintext.reveal()) for plaintext in values):
        raise InvalidInput(
            "The reason has a value in it, or a part of one, and the audit log keeps none. Nothing was revealed; say "
            "why in other words.",
            reason="REASON_HAS_VALUE",
            fields=[FieldViolation("reason", "has a value in it, or a part of one")],
        )


def _tells(reason: str, parts: Iterable[str], value: str) -> bool:
    """Whether a reason has a value in it, but for the spaces around it, or so much of it that it is no chance."""
    value = value.strip()
    if len(value) >= _PART:
        return any(part in value for part in parts)
    if len(value) >= _SHORT:
        return value in reason
    return bool(value) and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", reason) is not None
