"""How far each part of a question about many events reaches, and what is no question.

Leaves out the SQL that counts (tests/integration/audit/test_summaries.py).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from paaskit.errors import InvalidInput
from services.audit.selection import Selection
from services.audit.summaries.asked import Counted, Place, Question, Sum
from services.audit.summaries.summaries import FIRST_REACH, Summaries
from tests.fakes.audit_log import FakeLog, report_of

_NOW = datetime(2026, 5, 4, tzinfo=UTC)
_ACTIONS = frozenset({"secrets.get", "secrets.set"})


@dataclass
class FakeCounting:
    """Implements `SummedLog`: every `spacing`th sequence has an event, each with a sum of its own."""

    spacing: int = 1
    most: int = 1_000_000
    most_sums: int = 1_000_000
    ranges: list[tuple[int, int]] = field(default_factory=list)

    async def count(self, tenant: str, question: Question, *, after: int, before: int) -> Counted:
        self.ranges.append((after, before))
        found = [each for each in range(after + 1, before) if each % self.spacing == 0]
        if len(found) > min(self.most, self.most_sums):
            return Counted(sums=None, looked_at=len(found))
        nobody: dict[str, Any] = {
            "app": "",
            "app_id": "",
            "target_token_id": "",
            "actor": "",
            "on_behalf_of": "",
            "maker": "",
        }
        same: dict[str, Any] = {**nobody, "action": "secrets.get", "outcome": 1, "token_id": "", "events": 1}
        counted: dict[str, Any] = {"first_at": 0, "last_at": 0, "version": 0, "addresses": (), "address_count": 0}
        return Counted(sums=[Sum(name=str(each), **same, **counted) for each in found], looked_at=len(found))


class LongLog(FakeLog):
    """A log with a last sequence and no events to speak of."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    async def last_sequence(self, tenant: str) -> int:
        return self.length


async def counted(counting: FakeCounting, *, length: int) -> list[list[int]]:
    """The events of each part."""
    log = LongLog(length)
    summaries = Summaries(log, counting, actions=_ACTIONS)
    question = Question(selection=Selection(), actions=["secrets.get"])
    parts: list[list[int]] = []
    place: Place | None = None
    while place is not None or not parts:
        sums, place = await summaries.page("acme", question, place)
        parts.append([int(each.name) for each in sums])
        log.length += 7  # what is appended meanwhile
    return parts


@pytest.mark.parametrize(
    "counting",
    [
        FakeCounting(),
        FakeCounting(spacing=3),
        FakeCounting(most=1000),
        FakeCounting(most_sums=10),
        FakeCounting(most_sums=1),
        FakeCounting(spacing=2, most=7, most_sums=3),
        FakeCounting(spacing=5000),
    ],
)
async def test_every_event_that_was_there_is_in_one_part(counting: FakeCounting) -> None:
    length = 2000
    parts = await counted(counting, length=length)
    found = [each for part in parts for each in part]
    assert found == [each for each in range(1, length + 1) if each % counting.spacing == 0]
    assert all(len(part) <= min(counting.most, counting.most_sums) for part in parts)


async def test_a_long_log_with_few_events_is_a_few_calls() -> None:
    counting = FakeCounting(spacing=400_000)
    assert sum(map(len, await counted(counting, length=3_000_000))) == 7
    assert len(counting.ranges) <= 4
    assert counting.ranges[0] == (0, FIRST_REACH + 1)


async def test_what_is_too_much_for_one_answer_is_not_tried_again_in_each_part() -> None:
    counting = FakeCounting(most_sums=8_000)
    parts = await counted(counting, length=100_000)
    assert len(counting.ranges) < 2 * len(parts)


async def test_a_log_without_events_is_one_part_without_sums() -> None:
    assert await counted(FakeCounting(), length=0) == [[]]


async def test_a_time_is_settled_with_the_first_part() -> None:
    log = FakeLog()
    for second in range(10):
        await log.append([report_of(event_id=str(second))], service="config", now=_NOW.replace(second=second))
    selection = Selection(since=_NOW.replace(second=2), until=_NOW.replace(second=5))
    counting = FakeCounting()
    summaries = Summaries(log, counting, actions=_ACTIONS)
    sums, place = await summaries.page("acme", Question(selection=selection, actions=["secrets.get"]), None)
    assert ([each.name for each in sums], place) == (["3", "4", "5"], None)


@pytest.mark.parametrize(
    ("question", "field_name"),
    [
        (Question(selection=Selection(), actions=[]), "actions"),
        (Question(selection=Selection(), actions=["secrets.get"] * 41), "actions"),
        (Question(selection=Selection(), actions=["secrets.get", "secrets.peek"]), "actions[1]"),
        (Question(selection=Selection(), actions=["secrets.get"], token_id="x" * 65), "token_id"),
        (Question(selection=Selection(app="x" * 65), actions=["secrets.get"]), "app"),
    ],
)
async def test_what_no_event_could_be_is_refused(question: Question, field_name: str) -> None:
    counting = FakeCounting()
    with pytest.raises(InvalidInput) as refused:
        await Summaries(FakeLog(), counting, actions=_ACTIONS).page("acme", question, None)
    assert [each.field for each in refused.value.fields] == [field_name]
    assert counting.ranges == []
