"""What of a local log is given: whole lines alone, since a piece may begin or end with a part of a value.

Leaves out who wrote them (test_runs), and masking (tests/integration/releaser/test_logs.py).
"""

from pathlib import Path

import pytest

from services.releaser.domain import AppKey
from services.releaser.runtimes.local import logs
from services.releaser.runtimes.local.record import AppRecord, app_folder, log_of, record_path, write_record
from services.releaser.runtimes.local.runs import Run

KEY = AppKey(tenant="acme", app_id="a1")
MOST = 65_536


class Log:
    """The log of instance 1, and somebody who follows it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = app_folder(root, "acme", "web")
        self._positions: dict[int, logs._Position] = {}
        self._looked = False
        self.path = log_of(self._folder, 1)
        self.runs(Run(release=7, start=0))
        self.path.parent.mkdir(parents=True)
        self.path.touch()

    def runs(self, *runs: Run) -> None:
        record = AppRecord(tenant="acme", app_id="a1", app="web", boot="b", runs={1: runs})
        write_record(record_path(self._folder, "a1"), record)

    def write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def look(self, *, lines: int = 100) -> list[str]:
        """What is new since the last look; at the first the last `lines`."""
        most = None if self._looked else lines
        self._looked = True
        return [line for each in logs._read(self._root, KEY, self._positions, most) for line in each.lines]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_a_line_is_given_once_it_is_whole(log: Log) -> None:
    log.write("one\nurl=S3CRET-")
    assert log.look() == ["one"]
    assert log.look() == []
    log.write("0123\ntwo\n")
    assert log.look() == ["url=S3CRET-0123", "two"]


def test_who_asks_for_no_lines_gets_the_next_one_whole(log: Log) -> None:
    log.write("one\nurl=S3CRET-")
    assert log.look(lines=0) == []
    log.write("0123\n")
    assert log.look() == ["url=S3CRET-0123"]


def test_what_had_begun_before_is_left_out(log: Log) -> None:
    log.write("url=S3CRET-")
    log.runs(Run(release=7, start=0, end=20), Run(release=8, start=11))
    log.write("0123\nmine\n")
    assert log.look() == ["mine"]


def test_a_run_that_begins_with_a_line_is_given_from_there(log: Log) -> None:
    log.write("old\n")
    log.runs(Run(release=8, start=4))
    log.write("mine\n")
    assert log.look() == ["mine"]


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_line_that_is_too_long_is_left_out_as_a_whole(log: Log, pieces: int) -> None:
    log.write("one\n")
    assert log.look() == ["one"]
    found = []
    for _ in range(pieces):
        log.write("x" * (2 * MOST // pieces))
        found += log.look()
    log.write("S3CRET\ntwo\n")
    assert [*found, *log.look()] == ["two"]


def test_a_log_that_was_emptied_goes_on_with_the_next_line(log: Log) -> None:
    log.write("one\n" * 20)
    assert len(log.look()) == 20
    log.path.write_text("3CRET\n")
    log.write("three\n")
    assert log.look() == ["three"]


def test_a_release_that_began_while_it_was_read_is_known(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write("one\n")
    before = logs._lines

    def meanwhile(path: Path, position: logs._Position) -> list[str]:
        log.runs(Run(release=7, start=0), Run(release=8, start=4))
        log.write("two\n")
        return before(path, position)

    monkeypatch.setattr(logs, "_lines", meanwhile)
    ((found),) = [logs._read(log._root, KEY, {}, 10)]
    assert [(each.releases, each.lines) for each in found] == [((7, 8), ("one", "two"))]
