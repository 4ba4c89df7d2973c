"""Sums the log up, a part of it in each call: whoever asks goes on from there, and adds up.

A part is a range of the log, which grows where little is found in it and shrinks where there is much: so a question
about a few events is a few calls however long the log is, and one about all of it costs the same in each call. Nothing
here knows how events are stored: that is behind `SummedLog`.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from paaskit.errors import Internal
from services.audit.domain import Log
from services.audit.summaries.asked import Counted, Place, Question, Sum, check_question

FIRST_REACH: Final = 75_000
"""How many places of the log the first call looks through."""
LONGEST_REACH: Final = 2**40
_GROWTH: Final = 4
# Parts with fewer than this are followed by longer ones.
_FEW_EVENTS: Final = 12_000
_FEW_SUMS: Final = 1_500


class SummedLog(Protocol):
    """Where events are kept, as far as they are summed up."""

    async def count(self, tenant: str, question: Question, *, after: int, before: int) -> Counted:
        """Sum up the events between two sequences, neither included, unless they are too many; one never is."""


class Summaries:
    """Answers questions about many events at once."""

    def __init__(self, log: Log, counting: SummedLog, *, actions: frozenset[str]) -> None:
        self._log = log
        self._counting = counting
        self._actions = actions

    async def page(self, tenant: str, question: Question, place: Place | None) -> tuple[Sequence[Sum], Place | None]:
        """Return sums of the next part of what is asked for, and where the part after it begins (None: nowhere).

        Where it ends is settled with the first part: what is appended meanwhile is not counted. Raises InvalidInput.
        """
        check_question(question, actions=self._actions)
        after, end, reach = await self._begin(tenant, question) if place is None else _parts(place)
        while True:
            before = min(end, after + reach + 1)
            counted = await self._counting.count(tenant, question, after=after, before=before)
            if counted.sums is not None:
                break
            if before - after <= 2:
                raise Internal("One event has more names than an answer.")
            reach = max(1, min(reach, before - after - 1) // _GROWTH)
        if before >= end:
            return counted.sums, None
        if counted.looked_at < _FEW_EVENTS and len(counted.sums) < _FEW_SUMS:
            reach = min(reach * _GROWTH, LONGEST_REACH)
        return counted.sums, Place(after=before - 1, end=end, reach=reach)

    async def _begin(self, tenant: str, question: Question) -> tuple[int, int, int]:
        """Return the sequences between which the events are, and how many are looked through at first."""
        since, until = question.selection.since, question.selection.until
        after = 0 if since is None else await self._log.first_since(tenant, since) - 1
        end = await self._log.last_sequence(tenant) + 1 if until is None else await self._log.first_since(tenant, until)
        return after, end, FIRST_REACH


def _parts(place: Place) -> tuple[int, int, int]:
    return place.after, place.end, place.reach
