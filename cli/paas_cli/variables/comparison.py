"""How two sides differ, name by name. Pure, but for the lines that show it.

A value of a config var is masked where it looks like a credential; of secrets only names are known, so whether two of
them have the same value is not told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from paas_cli.releases import actions
from paas_cli.releases.changes import config_value
from paas_cli.terminal.output import MASK, Output
from paas_cli.terminal.text import visible
from paas_cli.variables.sides import CONFIG, MANAGED, SECRET, Side

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
_SIGNS = {ADDED: "+", CHANGED: "~", REMOVED: "-"}
_AFTER = {CONFIG: "", MANAGED: " (managed)", SECRET: " (secret)"}


@dataclass(frozen=True)
class Held:
    """What one side has under a name. The value is known of a config var alone."""

    kind: str
    value: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Difference:
    """One name that differs: what there is before and after, None where nothing."""

    name: str
    before: Held | None
    after: Held | None

    @property
    def action(self) -> str:
        """`added`, `changed` or `removed`."""
        if self.before is None:
            return ADDED
        return CHANGED if self.after is not None else REMOVED


def differences(before: Side, after: Side) -> list[Difference]:
    """All of them, in the order of the first side, and then of the second. Secrets count where both sides list them."""
    both_list = before.secrets is not None and after.secrets is not None
    found = []
    for name in dict.fromkeys([*before.names, *after.names]):
        one, other = held(before, name), held(after, name)
        is_sealed = SECRET in (one.kind if one else "", other.kind if other else "")
        if one != other and (both_list or not is_sealed):
            found.append(Difference(name, one, other))
    return found


def held(side: Side, name: str) -> Held | None:
    """What a side has under a name."""
    kind = side.kind(name)
    return Held(kind, side.config.get(name)) if kind else None


def secrets_in_both(before: Side, after: Side) -> list[str]:
    """Names of secrets that both sides have; whether their values differ is not told."""
    return [name for name in before.secrets or () if name in (after.secrets or ())]


def line(out: Output, difference: Difference) -> str:
    """`+ NAME=value`, `~ NAME=old -> new` or `- NAME=value`."""
    sides = [_shown(difference.name, each) for each in (difference.before, difference.after) if each is not None]
    name = visible(difference.name)
    text = f"{_SIGNS[difference.action]} {name}={' -> '.join(sides)}"
    return out.styled(text, actions.STYLES[difference.action])


def document(difference: Difference) -> dict[str, object]:
    """One difference as JSON shows it."""
    return {
        "name": difference.name,
        "action": difference.action,
        "before": _document(difference.name, difference.before),
        "after": _document(difference.name, difference.after),
    }


def show(out: Output, found: Sequence[Difference]) -> None:
    """A line for each."""
    for each in found:
        out.line(line(out, each))


def _shown(name: str, side: Held) -> str:
    return (MASK if side.value is None else config_value(name, side.value)) + _AFTER[side.kind]


def _document(name: str, side: Held | None) -> dict[str, str] | None:
    from paas_cli.typed.credentials import looks_like_one

    if side is None:
        return None
    is_masked = side.value is None or looks_like_one(name, side.value)
    return {"kind": side.kind, "value": MASK if is_masked or side.value is None else side.value}
