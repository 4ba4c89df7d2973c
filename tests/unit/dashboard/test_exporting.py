"""Exports: page after page, what heals, and that a part is never taken for the whole.

Leaves out the download (tests/e2e) and what a line has (tests/unit/cli/test_audit.py).
"""

import json

import pytest
from google.rpc import code_pb2
from paas.audit.v1.audit_pb2 import Event, ListEventsRequest, ListEventsResponse

from dashboard.audit.exporting import Broken, lines
from dashboard.calls.refusals import Refusal
from dashboard.sessions.session import SignedOut


class Log:
    """Pages of two events each; before a page it raises what it was given for it."""

    def __init__(self, pages: int, *failures: Exception) -> None:
        self.pages = pages
        self.failures = list(failures)
        self.given = 0
        self.slept: list[float] = []

    async def ask(self, request: ListEventsRequest) -> ListEventsResponse:
        """Give the page that is asked for."""
        number = int(request.page_token or "0")
        if number and self.failures:
            raise self.failures.pop(0)
        self.given += 1
        events = [Event(sequence=2 * number + each, actor="user:ådå") for each in (1, 2)]
        return ListEventsResponse(events=events, next_page_token=str(number + 1) if number + 1 < self.pages else "")

    async def sleep(self, seconds: float) -> None:
        """Remember it."""
        self.slept.append(seconds)


async def exported(log: Log) -> list[int]:
    """The sequences in the lines."""
    text = "".join([part async for part in lines(log.ask, ListEventsRequest(), sleep=log.sleep)])
    assert text.endswith("\n")
    return [json.loads(line)["sequence"] for line in text.splitlines()]


async def test_every_page_is_in_it_once() -> None:
    assert await exported(Log(3)) == [1, 2, 3, 4, 5, 6]


async def test_a_page_is_asked_for_when_the_one_before_was_taken() -> None:
    log = Log(1000)
    parts = lines(log.ask, ListEventsRequest())
    await anext(parts)
    await anext(parts)
    assert log.given == 2


async def test_what_heals_leaves_no_gap_and_no_repeat() -> None:
    away = [Refusal(code=code, sentence="") for code in (code_pb2.UNAVAILABLE, code_pb2.RESOURCE_EXHAUSTED)]
    log = Log(2, *away)
    assert await exported(log) == [1, 2, 3, 4]
    assert len(log.slept) == 2


@pytest.mark.parametrize(
    "failures",
    [
        [SignedOut()],
        [Refusal(code=code_pb2.PERMISSION_DENIED, sentence="")],
        [Refusal(code=code_pb2.UNAVAILABLE, sentence="")] * 5,
    ],
)
async def test_what_does_not_heal_breaks_it(failures: list[Exception]) -> None:
    with pytest.raises(Broken):
        await exported(Log(2, *failures))
