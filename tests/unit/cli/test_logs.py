"""What instances wrote: shown, followed, and said where there is none.

Leaves out masking, which is the releaser's (tests/integration/releaser/test_logs.py).
"""

import json
from collections.abc import Iterator

from paas.releaser.v1 import releaser_pb2

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.fakes.platform.releaser import read_logs
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, plain

READ_LOGS = "/paas.releaser.v1.ReleaserService/ReadLogs"


def test_lines_as_they_are_written(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].log = ["one", "two\tthree", "four\x1b[2J"]
    assert paas("logs").lines == ["1\tv3\tone", "1\tv3\ttwo\\tthree", "1\tv3\tfour\\x1b[2J"]
    assert paas("logs", "-n", "1", "-i", "2").lines == ["1\tv3\tfour\\x1b[2J"]
    assert [(call.lines, call.instance) for call in signed_in.gateway.calls("ReadLogs")] == [(100, 0), (1, 2)]
    document = json.loads(paas("logs", "-n", "1", "--json").out)
    assert document == {"app": "web", "lines": [{"instance": 1, "release": 3, "line": "four\x1b[2J"}]}


def test_a_terminal_says_whose_line_it_is(signed_in: Platform) -> None:
    signed_in.apps["web"].log = ["one"]
    terminal = Terminal("logs")
    assert terminal.end() == 0
    assert plain(terminal.screen).splitlines() == ["1 v3 | one"]


def test_nothing_was_written(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps["web"].log == []
    result = paas("logs")
    assert (result.exit_code, result.out) == (0, "")
    assert "The instances of web have written nothing" in result.err


def test_following_goes_on_after_a_stream_that_ended_and_shows_nothing_twice(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].log = ["one"]

    def twice(request: releaser_pb2.ReadLogsRequest) -> Iterator[releaser_pb2.ReadLogsResponse]:
        if len(signed_in.gateway.calls("ReadLogs")) > 2:
            raise Fault(7, "You may not read logs any more.")
        found: Iterator[releaser_pb2.ReadLogsResponse] = read_logs(signed_in, request)
        return found

    signed_in.gateway.route(READ_LOGS, releaser_pb2.ReadLogsRequest, twice)
    result = paas("logs", "-f")
    assert (result.exit_code, result.lines) == (4, ["1\tv3\tone", "2\tv4\tlater", "2\tv4\tlater"])
    assert [call.lines for call in signed_in.gateway.calls("ReadLogs")] == [100, 0, 0]


def test_too_many_lines(paas: Paas, signed_in: Platform) -> None:
    assert paas("logs", "-n", "1001").exit_code == 2
    assert signed_in.gateway.seen == []
