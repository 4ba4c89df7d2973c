"""What copying variables from one app to another comes to. Pure: nothing is read or revealed here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from paas_cli.errors import Failure
from paas_cli.terminal.text import visible
from paas_cli.variables.comparison import Difference, held
from paas_cli.variables.sides import CONFIG, MANAGED, SECRET, Side

_WORDS = {CONFIG: "a config var", MANAGED: "managed by an add-on", SECRET: "a secret"}


@dataclass(frozen=True)
class Selection:
    """Which names are meant: those given, or all that match one of `only` and none of `excepted`, which are globs."""

    names: Sequence[str] = ()
    only: Sequence[str] = ()
    excepted: Sequence[str] = ()
    with_secrets: bool = False

    def has(self, name: str) -> bool:
        """Whether a name is meant."""
        if self.names and name not in self.names:
            return False
        if self.only and not any(fnmatchcase(name, glob) for glob in self.only):
            return False
        return not any(fnmatchcase(name, glob) for glob in self.excepted)


@dataclass(frozen=True)
class Plan:
    """Values of config vars to set, names of secrets whose values are to be copied, and what is left out and why.

    `changes` shows it, as from the target that is to the target as it will be.
    """

    config: dict[str, str] = field(repr=False)
    secrets: tuple[str, ...]
    changes: tuple[Difference, ...]
    left: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be copied."""
        return not (self.config or self.secrets)


def plan(source: Side, target: Side, selection: Selection) -> Plan:
    """What is to be done. Raises Failure for a name given that can't be copied."""
    config: dict[str, str] = {}
    secrets: list[str] = []
    changes: list[Difference] = []
    left: list[str] = []
    for name in filter(selection.has, source.names):
        ours, theirs = held(source, name), held(target, name)
        assert ours is not None
        why = _why_not(name, source, target, with_secrets=selection.with_secrets)
        if why:
            if name in selection.names:
                raise Failure(f"Nothing was changed: {why}.")
            if theirs is None or ours.kind == CONFIG or selection.with_secrets:
                left.append(why)
            continue
        if ours == theirs and ours.kind == CONFIG:
            continue
        changes.append(Difference(name, theirs, ours))
        if ours.value is None:
            secrets.append(name)
        else:
            config[name] = ours.value
    return Plan(config, tuple(secrets), tuple(changes), tuple(left))


def _why_not(name: str, source: Side, target: Side, *, with_secrets: bool) -> str:
    """Why a name stays out; empty where it is copied."""
    kind, there = source.kind(name), target.kind(name)
    shown, of, to = visible(name), visible(source.app), visible(target.app)
    if kind == MANAGED:
        return f"{shown} is managed by an add-on of {of}"
    if there and there != kind:
        return f"{shown} is {_WORDS[kind]} of {of} and {_WORDS[there]} of {to}"
    if kind == SECRET and not with_secrets:
        return f"{shown} is a secret, and --with-secrets was not given"
    return ""
