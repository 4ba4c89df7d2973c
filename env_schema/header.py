"""The decorators there are, and what those of a file's header say for all variables below."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from env_schema.decorators import Decorator
from env_schema.schema import LineFault

OF_VARIABLES: Final = frozenset({"required", "optional", "sensitive", "public", "type"})
_OF_HEADERS: Final = frozenset({"defaultRequired", "defaultSensitive"})
# What others do with a file and what nobody here needs to know of to say whether a value is right.
_PASSED_OVER: Final = frozenset(
    "docs docsUrl example icon deprecated tag auditIgnore placeholder dynamic static".split()  # noqa: SIM905 - a list of words
)
_PASSED_OVER_IN_HEADERS: Final = frozenset(
    "currentEnv envFlag defaultDynamic redactLogs preventLeaks auditIgnorePaths cache".split()  # noqa: SIM905 - as above
)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What holds for a variable that does not say otherwise. `required` None: where it has a default."""

    required: bool | None = None
    sensitive: Callable[[str], bool] = lambda _: False

    def and_(self, decorators: Iterable[Decorator]) -> "Header":
        """Return this with what more decorators say. Raises LineFault."""
        found = self
        for decorator in decorators:
            match decorator.name:
                case "defaultRequired":
                    infer = decorator.value == "infer" and decorator.inside is None
                    found = replace(found, required=None if infer else decorator.truth())
                case "defaultSensitive":
                    found = replace(found, sensitive=_sensitive(decorator))
                case name if name in OF_VARIABLES | _PASSED_OVER:
                    raise LineFault(f"has a @{name} that stands above no variable, only above a line left free")
                case name if name in _PASSED_OVER_IN_HEADERS or name.startswith("generate"):
                    pass
                case name:
                    raise _unknown(name)
        return found


def of_variable(decorators: Iterable[Decorator]) -> dict[str, Decorator]:
    """Return those that say something of a variable, by name. Raises LineFault for one that is unknown, or twice."""
    found: dict[str, Decorator] = {}
    for decorator in decorators:
        if decorator.name in _PASSED_OVER:
            continue
        if decorator.name in _OF_HEADERS:
            raise LineFault(f"has a @{decorator.name} above a variable: put a line `# ---` between the header and it")
        if decorator.name not in OF_VARIABLES:
            raise _unknown(decorator.name)
        if decorator.name in found:
            raise LineFault(f"has a second @{decorator.name} for the same variable")
        found[decorator.name] = decorator
    return found


def _sensitive(decorator: Decorator) -> Callable[[str], bool]:
    if decorator.value == "inferFromPrefix" and decorator.inside is not None:
        members, options = decorator.arguments()
        if len(members) != 1 or options:
            raise LineFault("has an inferFromPrefix without its one prefix")
        return lambda name: not name.startswith(members[0])
    truth = decorator.truth()
    return lambda _: truth


def _unknown(name: str) -> LineFault:
    return LineFault(f"has a @{name[:40]}, which is not known here: it would be left out without a word")
