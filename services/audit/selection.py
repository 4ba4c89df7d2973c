"""Which events are asked for: the rules of a question, and what is wrong with one.

Pure. How a question is answered is `reading`; where an answer goes on, the page token's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from paaskit.errors import FieldViolation, InvalidInput
from services.audit.event import Outcome

MAX_TEXT_BYTES: Final = {"app": 64, "action": 64, "actor": 200, "name": 128}
"""The most bytes of what an event has in the place of each: a longer one could be in none."""
_NEAR: Final = 3


OUTCOMES: Final = frozenset(Outcome)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which events of a tenant are meant. Empty texts, an outcome of 0 and no times select all.

    `actor` did it, had it done or made the token it was done with. `name` is one of the targets. `people_only` leaves
    out what services did by themselves. `since` and `until` are by when events were appended, the first included and
    the second not. `app_ids` are the apps that the reader is limited to, None: to none. An event without an app's id
    is about no app of theirs, whatever its app is called.
    """

    app: str = ""
    action: str = ""
    actor: str = ""
    name: str = ""
    outcome: int = 0
    people_only: bool = False
    since: datetime | None = None
    until: datetime | None = None
    app_ids: frozenset[str] | None = None


def check(selection: Selection, *, actions: frozenset[str]) -> None:
    """Raise InvalidInput for what no event could have, and for an action that is none of the known ones."""
    wrong = [FieldViolation(name, description) for name, description in _violations(selection)]
    if wrong:
        raise InvalidInput(f"{wrong[0].field} {wrong[0].description}.", fields=wrong)
    if selection.action and selection.action not in actions:
        near = near_actions(selection.action, actions)
        meant = f"; did you mean {' or '.join(near)}?" if near else "."
        raise InvalidInput(
            f"There is no such action{meant} docs/audit.md lists them all.",
            fields=[FieldViolation("action", "is not one of the actions there are")],
        )


def near_actions(text: str, actions: frozenset[str]) -> list[str]:
    """Return the actions that are written nearly like a text, nearest first."""
    return get_close_matches(text.replace(":", "."), sorted(actions), n=_NEAR, cutoff=0.7)


def _violations(selection: Selection) -> Iterator[tuple[str, str]]:
    for name, most in MAX_TEXT_BYTES.items():
        text = getattr(selection, name)
        if len(text.encode()) > most or "\0" in text:
            yield name, f"is no {name} that an event could have: it is longer than {most} bytes or has a NUL"
    if selection.outcome and selection.outcome not in OUTCOMES:
        yield "outcome", "is one of ok, denied and failed"
    if selection.since is not None and selection.until is not None and selection.until <= selection.since:
        yield "until", "is after since"
