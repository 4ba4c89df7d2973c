"""`NAME=value` arguments: taken apart, checked together, refused together.

Must not show a value, nor a part of an argument that may be one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from paas_cli.errors import Failure, Misuse
from paas_cli.terminal.text import visible
from paas_cli.typed.credentials import is_plainly_a_name, may_be_a_value, shown
from paas_cli.typed.names import MAX_NAMES, NAME, name_fault, value_fault


@dataclass(frozen=True)
class Assignment:
    """One argument. `value` is None for a bare name; `label` is what to call it in an error."""

    name: str
    label: str
    value: str | None = field(repr=False)


def split(items: Sequence[str], *, bare_allowed: bool, secret: bool) -> list[Assignment]:
    """Split each argument at its first `=`.

    Raises Misuse naming every argument that is none, every name given twice and, with `secret`, every one that looks
    like the secret itself; Failure where only names break the rules. What may be a value is counted, not shown.
    """
    assignments, faults, seen = [], [], set()
    is_misuse = False
    for position, item in enumerate(items, 1):
        name, equals, value = item.partition("=")
        is_certain = value not in ("", "=") and bool(not secret or NAME.fullmatch(name))
        is_base64 = value == "=" and len(item) % 4 == 0  # its padding, and nobody's value
        label = _shown(name, position, is_certain=is_certain)
        if not equals and not (bare_allowed and NAME.fullmatch(name)):
            is_misuse = True
            faults.append(f"{label} is not NAME=value")
        elif secret and (is_base64 or may_be_a_value(name)):
            is_misuse = True
            faults.append(f"{label} looks like a value and not like a name: write NAME=-, NAME=@path or NAME=value")
        elif secret and not equals and position > 1 and not is_plainly_a_name(name):
            is_misuse = True
            faults.append(f"{label} could be a value, which is written NAME=VALUE; if it is a name, give it alone")
        elif (fault := name_fault(name)) is not None:
            faults.append(f"{label} {fault}{_instead(name, label)}")
        elif name in seen:
            is_misuse = True
            faults.append(f"{label} is given twice")
        seen.add(name)
        assignments.append(Assignment(name, label, value if equals else None))
    if faults and not bare_allowed and _is_apart(items):
        faults = [f"a name and its value are one word, so write {items[0]}=VALUE"]
    if faults:
        raise Misuse(refusal(faults)) if is_misuse else Failure(refusal(faults))
    return assignments


def _is_apart(items: Sequence[str]) -> bool:
    """Whether it is `NAME VALUE` or `NAME = VALUE`."""
    if not items or not is_plainly_a_name(items[0]):
        return False
    return (len(items) == 2 and "=" not in items[1]) or (len(items) == 3 and items[1] == "=")


def _instead(name: str, label: str) -> str:
    """The name that was probably meant, of one that is shown: `my-flag` is `my_flag` here."""
    meant = re.sub(r"[-. ]", "_", name)
    return f"; write {meant}" if label == name != meant and name_fault(meant) is None else ""


def _shown(name: str, position: int, *, is_certain: bool) -> str:
    """What to call an argument in an error; `is_certain` where what stands before its `=` can only be a name."""
    if not is_certain or may_be_a_value(name):
        return shown(name, position)
    return visible(name[:140]) or f"argument {position}"


def check_name(name: str, *, listing: str) -> None:
    """Refuse what can't be the name of a secret, or is more likely one's value; `listing` is the command that has them.

    Raises Misuse, which does not show it.
    """
    if NAME.fullmatch(name) is None or may_be_a_value(name):
        raise Misuse(f"The argument is not the name of a secret; {listing} lists them.")


def check_secret_names(names: Sequence[str], *, listing: str) -> None:
    """Refuse what can't be the names of secrets, or the same name twice. Raises Misuse.

    A secret's value typed after its name must not be sent as a second name, to be recorded as one. So several names
    have to be plainly names; one that is not, such as `hunter2`, is read alone.
    """
    if len(names) == 1:
        check_name(names[0], listing=listing)
        return
    faults = []
    for position, name in enumerate(names, 1):
        if NAME.fullmatch(name) is None or may_be_a_value(name):
            faults.append(f"argument {position} is not the name of a secret, {listing} lists them")
        elif not is_plainly_a_name(name):
            faults.append(f"argument {position} could be a value; if it is a name, read it alone")
        elif name in names[: position - 1]:
            faults.append(f"{name} is given twice")
    if faults:
        raise Misuse(f"Nothing was read: {'; '.join(faults)}.")


def check_names(names: Sequence[str]) -> None:
    """Refuse to unset what can't be a name, or the same name twice. Raises Misuse."""
    faults = []
    for position, name in enumerate(names, 1):
        if NAME.fullmatch(name) is None:
            faults.append(f"argument {position} is not a name")
        elif name in names[: position - 1]:
            faults.append(f"{shown(name, position)} is given twice")
    if faults:
        raise Misuse(refusal(faults))


def check(values: Mapping[str, str], lines: Mapping[str, int] | None = None) -> None:
    """Refuse what no app can hold, naming every bad one, with its line where there is one. Raises Failure."""
    faults: list[str] = []
    for name, value in values.items():
        name_or_value = name_fault(name) or value_fault(value)
        if name_or_value is not None:
            where = f" (line {lines[name]})" if lines and name in lines else ""
            faults.append(f"{visible(name[:140])}{where} {name_or_value}")
    if faults:
        raise Failure(refusal(faults))
    if len(values) > MAX_NAMES:
        raise Failure(f"Nothing was changed: these are {len(values)} variables, and an app holds {MAX_NAMES}.")


def refusal(faults: Iterable[str]) -> str:
    """One sentence for all of them."""
    return f"Nothing was changed: {'; '.join(faults)}."


def listed(names: Sequence[str], *, at_most: int = 8) -> str:
    """`A, B and 12 more`."""
    shown = [visible(name) for name in names]
    if len(shown) <= at_most:
        return ", ".join(shown)
    return f"{', '.join(shown[: at_most - 1])} and {len(shown) - at_most + 1} more"
