"""What may be asked to be summed up, and what a sum is: the rules of a question, and plain dataclasses.

Pure. How it is summed up is `counting`; how far one call gets, `summaries`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from paaskit.errors import FieldViolation, InvalidInput
from services.audit.selection import Selection, check

MOST_ACTIONS: Final = 40
MAX_TOKEN_BYTES: Final = 64


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which events are summed up: those of a selection with one of these actions, done with this token.

    An empty `token_id` is any token and none. The selection's own action is not used.
    """

    selection: Selection
    actions: Sequence[str]
    token_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """How far a question was answered: the events up to `after`, of those before `end`, `reach` of them at a time."""

    after: int
    end: int
    reach: int


class Sum(NamedTuple):
    """Events that have an action, an outcome and either what they were done to or who did them in common.

    What they have in common of the other is not told, and empty. Then what they have not in common: how many `events`
    there are, from when to when, from where. Times are by the clock of the service that did it, in microseconds since
    1970. `addresses` are a few, `address_count` says of how many. `version` is the highest. A tuple, since there are
    thousands in an answer.
    """

    action: str
    outcome: int
    app: str
    app_id: str
    name: str
    target_token_id: str
    actor: str
    on_behalf_of: str
    maker: str
    token_id: str
    events: int
    first_at: int
    last_at: int
    version: int
    addresses: Sequence[str]
    address_count: int


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What became of one look: sums, and how many events were looked at. Without `sums` it was too much for one."""

    sums: Sequence[Sum] | None
    looked_at: int


def check_question(question: Question, *, actions: frozenset[str]) -> None:
    """Raise InvalidInput for what no event could have, and for an action that is none of the known ones."""
    if not 1 <= len(question.actions) <= MOST_ACTIONS:
        raise InvalidInput(
            f"1 to {MOST_ACTIONS} actions are summed up at a time.", fields=[FieldViolation("actions", "size")]
        )
    if len(question.token_id.encode()) > MAX_TOKEN_BYTES or "\0" in question.token_id:
        description = f"has at most {MAX_TOKEN_BYTES} bytes and no NUL"
        raise InvalidInput(f"token_id {description}.", fields=[FieldViolation("token_id", description)])
    check(question.selection, actions=actions)
    if unknown := [index for index, action in enumerate(question.actions) if action not in actions]:
        raise InvalidInput(
            "actions has one that there is not. docs/audit.md lists them all.",
            fields=[FieldViolation(f"actions[{index}]", "is not one of the actions there are") for index in unknown],
        )
