"""An app's environment over those of its shared groups: its own value wins, then the group's that was attached first.

Pure; must not put a value into a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from services.releaser.domain import SealedValues

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Config vars, and the opened values of secrets."""

    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    sealed: SealedValues = field(default_factory=dict, repr=False)

    @property
    def names(self) -> frozenset[str]:
        """The names that have a value; one whose value is not stored yet has none, and hides nothing."""
        return frozenset(self.variables) | frozenset(self.sealed)

    def over(self, below: "Environment") -> "Environment":
        """Return this with what `below` has besides, name by name, whichever of both kinds a name is of."""
        mine = self.names
        return Environment(
            variables={**_without(below.variables, mine), **self.variables},
            sealed={**_without(below.sealed, mine), **self.sealed},
        )


def _without(values: Mapping[str, ValueT], names: frozenset[str]) -> dict[str, ValueT]:
    return {name: value for name, value in values.items() if name not in names}
