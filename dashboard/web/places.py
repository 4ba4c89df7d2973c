"""Where the pages of something stand: those of an app below `apps`, those of a shared group below `groups`. Pure.

What both have has pages at both places. Neither name is taken twice, so where one is looked for at the other's place,
its own is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

APPS: Final = "apps"
GROUPS: Final = "groups"
# What a service calls it that somebody took for an app, or for a group.
_ELSEWHERE: Final = {("NOT_AN_APP", APPS): GROUPS, ("NOT_A_GROUP", GROUPS): APPS}


@dataclass(frozen=True, kw_only=True)
class Place:
    """An app's or a group's name, and below what its pages are. As text it is their address: `groups/shared`."""

    kind: Literal["apps", "groups"]
    name: str

    @classmethod
    def of(cls, path_params: Mapping[str, Any]) -> "Place":
        """The place that an address names."""
        if "group" in path_params:
            return cls(kind=GROUPS, name=str(path_params["group"]))
        return cls(kind=APPS, name=str(path_params["app"]))

    @property
    def is_group(self) -> bool:
        """Whether it is a shared group's."""
        return self.kind == GROUPS

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def elsewhere(path: str, reason: str) -> str:
    """The same page at the other's place, where a service says that it is the other; empty where it does not."""
    kind, _, rest = path.partition("/")
    other = _ELSEWHERE.get((reason, kind), "")
    return f"{other}/{rest}" if other and rest else ""
