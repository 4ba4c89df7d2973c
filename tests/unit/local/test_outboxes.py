"""What a person at the terminal is shown of the outboxes, and what a service that doesn't answer is to them.

Leaves out asking running services, which tests/e2e/faults/test_outages does.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from local import __main__ as terminal
from local import outboxes
from local.failures import LocalFailure
from local.outboxes import Parked, Standing
from local.ports import SERVICES

_WAITING = Standing("audit", 3, timedelta(seconds=12))
_OLD = Standing("releaser", 1, timedelta(hours=2, seconds=5))
_REFUSED = Standing(
    "audit", 0, timedelta(), (Parked("BAD_EVENT", 2, timedelta(seconds=59)), Parked("X", 1, timedelta()))
)


@pytest.mark.parametrize(
    ("outbox", "said"),
    [
        (None, "outbox unknown"),
        ([], "0 to deliver"),
        ([_WAITING], "3 to deliver, the oldest for 12 s"),
        ([_WAITING, _OLD], "4 to deliver, the oldest for 2:00:05"),
        ([_REFUSED], "0 to deliver, 3 parked"),
        ([_REFUSED, _OLD], "1 to deliver, the oldest for 2:00:05, 3 parked"),
    ],
)
def test_an_outbox_in_a_few_words(outbox: list[Standing] | None, said: str) -> None:
    assert outboxes.summary(outbox) == said


def test_every_destination_and_every_reason_has_a_line() -> None:
    lines = list(outboxes.details({"config": [_WAITING, _OLD], "secrets": [], "tokens": None, "releaser": [_REFUSED]}))
    assert lines == [
        "config     audit            3 to deliver, the oldest for 12 s",
        "config     releaser         1 to deliver, the oldest for 2:00:05",
        "secrets    has nothing to deliver",
        "tokens     does not answer",
        "releaser   audit            0 to deliver",
        "           audit            2 parked, the first 59 s ago: BAD_EVENT",
        "           audit            1 parked, the first 0 s ago: X",
    ]


def test_a_service_that_does_not_answer_is_a_failure_that_names_it() -> None:
    outboxes.require_answers({"config": [], "secrets": 0})
    with pytest.raises(LocalFailure, match="No answer from config, tokens"):
        outboxes.require_answers({"config": None, "secrets": 0, "tokens": None})


def test_every_service_that_tells_others_is_asked() -> None:
    assert set(outboxes.WITH_OUTBOX) == set(SERVICES) - {"audit"}


@pytest.mark.parametrize("more", [[], ["--give-back"]])
def test_without_a_stack_it_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert terminal.main(["--state", str(tmp_path / ".paas"), "outbox", *more]) == 1
    assert "make up" in capsys.readouterr().err
