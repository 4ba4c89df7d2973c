"""`NAME=value` arguments: taken apart, checked together, refused together.

Must not show a value, nor a part of an argument that may be one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from paas_cli.errors import Failure, Misuse
from paas_cli.names import MAX_NAMES, NAME, name_fault, value_fault
from paas_cli.terminal_text import visible


@dataclass(frozen=True)
class Assignment:
    """One argument. `value` is None for a bare name."""

    name: str
    value: str | None = field(repr=False)


def split(items: Sequence[str], *, bare_allowed: bool, secret: bool) -> list[Assignment]:
    """Split each argument at its first `=`.

    Raises Misuse naming every argument that is none and every name given twice, Failure where only names break the
    rules. With `secret`, an argument that does not start with a name is counted, not shown: it may be the secret.
    """
    assignments, faults, seen = [], [], set()
    is_misuse = False
    for position, item in enumerate(items, 1):
        name, equals, value = item.partition("=")
        shown = name if NAME.fullmatch(name) or not secret else f"argument {position}"
        shown = visible(shown[:140]) or f"argument {position}"
        if not equals and not (bare_allowed and NAME.fullmatch(name)):
            is_misuse = True
            faults.append(f"{shown} is not NAME=value")
        elif (fault := name_fault(name)) is not None:
            faults.append(f"{shown} {fault}")
        elif name in seen:
            is_misuse = True
            faults.append(f"{shown} is given twice")
        seen.add(name)
        assignments.append(Assignment(name, value if equals else None))
    if faults:
        raise Misuse(refusal(faults)) if is_misuse else Failure(refusal(faults))
    return assignments


def check_names(names: Sequence[str]) -> None:
    """Refuse to unset what can't be a name, or the same name twice. Raises Misuse."""
    faults = [
        f"{visible(name[:140])} is not a name" if NAME.fullmatch(name) is None else f"{name} is given twice"
        for position, name in enumerate(names)
        if NAME.fullmatch(name) is None or name in names[:position]
    ]
    if faults:
        raise Misuse(refusal(faults))


def check(values: Mapping[str, str]) -> None:
    """Refuse what no app can hold, naming every bad one. Raises Failure."""
    faults: list[str] = []
    for name, value in values.items():
        name_or_value = name_fault(name) or value_fault(value)
        if name_or_value is not None:
            faults.append(f"{visible(name[:140])} {name_or_value}")
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
