"""Two apps' variables beside each other: names that one has alone, and config vars whose values differ. Pure.

Secrets are compared by name: whether two values are the same is not told, which would be a way to guess one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.calls.apps import Variables
from dashboard.variables.changes import SET, Wanted
from dashboard.variables.table import CONFIG, SECRET, Row, rows

HERE, THERE, DIFFERS, KINDS, SAME = "only here", "only there", "differs", "another kind", "same"
_ORDER: Final = (DIFFERS, KINDS, THERE, HERE)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One name. A side that has none of it is None."""

    name: str
    what: str
    here: Row | None
    there: Row | None

    @property
    def can_be_taken(self) -> bool:
        """Whether it can be taken over: what is plain there, and here is plain too or not at all."""
        there, here = self.there, self.here
        return there is not None and there.kind == CONFIG and (here is None or here.kind == CONFIG)


def differences(here: Variables, there: Variables) -> tuple[list[Difference], int]:
    """What differs in what is live, by what it is and by name; and how many names are the same on both sides."""
    ours, theirs = _live(here), _live(there)
    found = [_difference(name, ours.get(name), theirs.get(name)) for name in sorted({*ours, *theirs})]
    different = [each for each in found if each.what != SAME]
    return sorted(different, key=lambda each: _ORDER.index(each.what)), len(found) - len(different)


def taken(found: Sequence[Difference], names: Collection[str]) -> list[Wanted]:
    """What becomes pending where these names are taken over."""
    return [
        Wanted(name=each.name, action=SET, kind=CONFIG, value=each.there.value)
        for each in found
        if each.name in names and each.can_be_taken and each.there is not None
    ]


def _live(variables: Variables) -> dict[str, Row]:
    return {row.name: row for row in rows(variables) if not row.is_new}


def _difference(name: str, here: Row | None, there: Row | None) -> Difference:
    if here is None or there is None:
        what = THERE if here is None else HERE
    elif here.kind != there.kind:
        what = KINDS
    else:
        # Of a managed one the name counts: each app has a value of its own.
        what = DIFFERS if here.kind == CONFIG and here.value != there.value else SAME
    return Difference(name=name, what=what, here=here, there=there)


def hidden_kinds(*apps: Variables) -> list[str]:
    """The kinds that can't be compared, since they are not seen of one of them."""
    words = (
        (CONFIG, "config vars", [each.config for each in apps]),
        (SECRET, "secrets", [each.secrets for each in apps]),
    )
    return [plural for _, plural, lists in words if any(each is None for each in lists)]
