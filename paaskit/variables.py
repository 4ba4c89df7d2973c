"""The rules for variables' names and values, the same for config vars and secrets.

A violation names what is wrong and where; it never quotes a value.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from paaskit.errors import FieldViolation, InvalidInput, LimitExceeded

MAX_NAME_BYTES: Final = 128
MAX_VALUE_BYTES: Final = 64 * 1024
"""Linux refuses one NAME=value string above 128 KiB; cloud secret stores stop at 64 KiB."""
MAX_NAMES: Final = 500
MAX_TOTAL_BYTES: Final = 512 * 1024
"""Names and values of one app together; a Kubernetes Secret holds 1 MiB."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PLATFORM_PREFIXES: Final = ("PAAS_", "KUBERNETES_")
_RESERVED_PREFIXES: Final = (*_PLATFORM_PREFIXES, "LD_")
_RESERVED: Final = frozenset({"PATH", "HOME", "PORT"})
_APP: Final = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])\Z")
_OF_APPS: Final = (
    "2 to 40 lower-case letters, digits and dashes, starts with a letter and ends with a letter or digit (an RFC 1123 "
    "label)"
)


def check_name(name: str) -> str | None:
    """Return what is wrong with a variable's name, or None."""
    if len(name.encode(errors="replace")) > MAX_NAME_BYTES:
        return f"a name has at most {MAX_NAME_BYTES} bytes"
    if not _NAME.match(name):
        return "a name has letters, digits and underscores, and does not start with a digit"
    if name in _RESERVED or name.startswith(_RESERVED_PREFIXES):
        return "this name is the platform's own: PATH, HOME, PORT and names that start with PAAS_, KUBERNETES_ or LD_"
    return None


def is_set_by_platform(name: str) -> bool:
    """Return whether the platform itself gives instances this variable."""
    return name in _RESERVED or name.startswith(_PLATFORM_PREFIXES)


def check_value(value: str) -> str | None:
    """Return what is wrong with a variable's value, or None."""
    if "\0" in value:
        return "a value has no NUL character"
    if len(value) > MAX_VALUE_BYTES or len(value.encode(errors="replace")) > MAX_VALUE_BYTES:
        return f"a value has at most {MAX_VALUE_BYTES // 1024} KiB"
    return None


def check_app_name(app: str) -> str | None:
    """Return what is wrong with an app's name, or None."""
    return None if _APP.match(app) else f"an app's name has {_OF_APPS}"


def check_group_name(group: str) -> str | None:
    """Return what is wrong with a shared group's name, which is of the same kind as an app's, or None."""
    return None if _APP.match(group) else f"a group's name has {_OF_APPS}"


def violations_of(names: Sequence[str], values: Sequence[str] | None = None, *, field: str) -> list[FieldViolation]:
    """Return what is wrong with a list of names and, index by index, of their values. `field` is the list's name."""
    found: list[FieldViolation] = []
    if not names:
        found.append(FieldViolation(field, "names at least one variable"))
    if len(names) > MAX_NAMES:
        return [FieldViolation(field, f"names at most {MAX_NAMES} variables at a time")]
    seen: set[str] = set()
    for index, name in enumerate(names):
        problem = check_name(name) or ("the same name twice" if name in seen else None)
        if problem is None and values is not None:
            problem = check_value(values[index])
        seen.add(name)
        if problem is not None:
            found.append(FieldViolation(f"{field}[{index}]", f"{shown(name)}: {problem}"))
    return found


def shown(name: str) -> str:
    """Return a name as it may be shown in an error: whole if it could be one, else only its harmless start."""
    if len(name) <= MAX_NAME_BYTES and _NAME.match(name):
        return name
    start = re.match(r"[A-Za-z0-9_.-]{0,20}", name)
    return f"“{start.group() if start else ''}…”"


def refuse(violations: Iterable[FieldViolation | None]) -> None:
    """Raise InvalidInput that names every violation, if there are any."""
    found = [violation for violation in violations if violation is not None]
    if found:
        raise InvalidInput("; ".join(each.description for each in found) + ".", fields=found)


def check_totals(*, names: int, size: int) -> None:
    """Raise LimitExceeded unless an app may have this many names and bytes of names and values."""
    if names > MAX_NAMES:
        raise LimitExceeded(f"An app has at most {MAX_NAMES} variables; this would make {names}.")
    if size > MAX_TOTAL_BYTES:
        raise LimitExceeded(
            f"An app's variables have at most {MAX_TOTAL_BYTES // 1024} KiB in all; this would make {size // 1024} KiB."
        )


def listing(verb: str, names: Sequence[str]) -> str:
    """Return a release's description, `Set A, B`: names only, and not too many of them."""
    few = ", ".join(names[:8])
    return f"{verb} {few}" + (f" and {len(names) - 8} more" if len(names) > 8 else "")
