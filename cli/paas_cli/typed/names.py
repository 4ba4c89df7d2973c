"""The rules a name and a value must meet, checked before anything is sent so that all bad ones are named at once.

The config service is the authority and checks again; the rules are those of the product's behaviour page.
Must not put a value into a sentence.
"""

import re

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_NAME_BYTES = 128
MAX_VALUE_BYTES = 64 * 1024
MAX_NAMES = 500
_OF_PLATFORM = frozenset({"PATH", "HOME", "PORT"})
_OF_PLATFORM_PREFIXES = ("PAAS_", "KUBERNETES_")
# What the dynamic linker reads (ld.so(8)): it decides what code runs in every program of an app.
LINKER_PREFIX = "LD_"


def name_fault(name: str) -> str | None:
    """What is wrong with a name, as the end of a sentence about it; None where it is fine."""
    if NAME.fullmatch(name) is None:
        return "is not a name (letters, digits and _, not starting with a digit)"
    if len(name) > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    if is_set_by_platform(name) or name.startswith(LINKER_PREFIX):
        return "is reserved for the platform"
    return None


def is_set_by_platform(name: str) -> bool:
    """Whether the platform itself gives instances this variable, so that a file's value would never be there."""
    return name in _OF_PLATFORM or name.startswith(_OF_PLATFORM_PREFIXES)


def value_fault(value: str) -> str | None:
    """What is wrong with a value, as the end of a sentence about its name; None where it is fine."""
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        return "has a value that is not UTF-8 text"
    if "\0" in value:
        return "has a value with a NUL character, which no environment can hold"
    if size > MAX_VALUE_BYTES:
        return f"has a value of more than {MAX_VALUE_BYTES} bytes, which is the limit"
    return None
