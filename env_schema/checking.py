"""Hold an environment against a schema. Must not put a value into a text, config or not."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from env_schema.schema import Schema, Variable


class Rule(StrEnum):
    """What a variable does not keep to."""

    MISSING = "missing"
    EMPTY = "empty"
    TYPE = "type"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A variable that is not as its schema says. `fault` is the rest of a sentence that begins with the name."""

    name: str
    rule: Rule
    fault: str

    def __str__(self) -> str:
        return f"{self.name} {self.fault}"


def check(
    schema: Schema,
    values: Mapping[str, str | None],
    *,
    sealed: Collection[str] | None,
    passes: Callable[[str], bool],
) -> Sequence[Violation]:
    """Return what is wrong with an environment, in the schema's order.

    A value of None is there and not known. `sealed` are the names that are secrets, None where there is no such thing,
    as in a file. What `passes` is not looked at: what the platform gives to every instance.
    """
    found = [
        _violation(variable, values, sealed) for variable in schema.variables.values() if not passes(variable.name)
    ]
    return [violation for violation in found if violation is not None]


def _violation(
    variable: Variable, values: Mapping[str, str | None], sealed: Collection[str] | None
) -> Violation | None:
    name = variable.name
    if name not in values:
        if variable.required and variable.default is None:
            return Violation(name=name, rule=Rule.MISSING, fault="is not set")
        return None
    if variable.sensitive and sealed is not None and name not in sealed:
        return Violation(name=name, rule=Rule.SENSITIVE, fault="is @sensitive, and not a secret but a config var")
    value = values[name]
    if value is None:
        return None
    if not value:
        return Violation(name=name, rule=Rule.EMPTY, fault="is empty") if variable.required else None
    fault = variable.type.fault(value, sealed=name in (sealed or ()))
    return None if fault is None else Violation(name=name, rule=Rule.TYPE, fault=fault)
