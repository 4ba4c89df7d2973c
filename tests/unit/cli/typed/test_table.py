"""Tables fit the terminal: what is cut first, what is left out, and what never is. And moments as lists tell them.

Leaves out how it looks; that is for eyes.
"""

import io
import re
from dataclasses import dataclass

import pytest
from paas.audit.v1 import audit_pb2
from paas.releaser.v1 import releaser_pb2
from paas.tokens.v1 import tokens_pb2

from paas_cli.commands.audit import shown
from paas_cli.terminal import table, times
from paas_cli.terminal.output import Output
from paas_cli.terminal.table import Column
from tests.fakes.platform import Platform
from tests.unit.cli.terminal import Terminal, plain

COLUMNS = (Column("NAME", narrowest=6), Column("STATE"), Column("WHEN", rank=1), Column("ID", rank=2))
ROW = ("a-rather-long-name", "ready", "3 min ago", "0123456789")


class Screen(io.StringIO):
    """A terminal of some width."""

    def isatty(self) -> bool:
        return True


def written(columns: int) -> list[str]:
    """The table as it is written; without colours."""
    screen = Screen()
    table.write(Output(screen, {"COLUMNS": str(columns), "NO_COLOR": "1"}), COLUMNS, [ROW])
    return screen.getvalue().splitlines()


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (200, ["NAME                STATE  WHEN       ID", "a-rather-long-name  ready  3 min ago  0123456789"]),
        (40, ["NAME        STATE  WHEN       ID", "a-rather-…  ready  3 min ago  0123456789"]),
        (30, ["NAME          STATE  WHEN", "a-rather-lo…  ready  3 min ago"]),
        (16, ["NAME       STATE", "a-rather…  ready"]),
        (5, ["NAME    STATE", "a-rat…  ready"]),
    ],
)
def test_what_is_least_important_goes_first(columns: int, lines: list[str]) -> None:
    assert [re.sub(" {3,}", "  ", line) for line in written(columns)] == [re.sub(" {3,}", "  ", line) for line in lines]
    if columns > 5:  # which is less than what is never left out needs
        assert max(map(len, written(columns))) <= columns


def test_elsewhere_a_row_is_whole() -> None:
    stream = io.StringIO()
    table.write(Output(stream, {"COLUMNS": "5"}), COLUMNS, [ROW])
    assert stream.getvalue() == "\t".join(ROW) + "\n"


@dataclass(frozen=True)
class At:
    """A moment, in seconds since 1970."""

    seconds: int
    nanos: int = 0


NOW = 1_790_812_800  # 2026-10-01T00:00:00Z


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (At(0), ""),
        (At(NOW), "now"),
        (At(NOW - 59), "now"),
        (At(NOW - 60), "1 min ago"),
        (At(NOW - 3599), "59 min ago"),
        (At(NOW - 3600), "1 h ago"),
        (At(NOW - 86399), "23 h ago"),
        (At(NOW - 86400), "1 d ago"),
        (At(NOW - 364 * 86400), "364 d ago"),
        (At(NOW - 365 * 86400), "2025-10-01"),
        (At(NOW + 89 * 86400), "in 89 d"),
        (At(NOW + 400 * 86400), "2027-11-05"),
    ],
)
def test_how_long_ago(moment: At, told: str) -> None:
    assert times.ago(moment, float(NOW)) == told


def test_an_events_row_is_cut_where_nothing_is_lost() -> None:
    event = audit_pb2.Event(
        action="tokens.create", actor="pat:github-ci", maker="user:ada@example.com", app="a-rather-long-name-of-an-app",
        targets=["A" * 40, "B"], outcome=audit_pb2.OUTCOME_DENIED,
    )  # fmt: skip
    event.occurred_at.FromSeconds(NOW)
    cells = shown.cells(event)
    for columns in (60, 80, 100):
        widths = table.fit(shown.COLUMNS, [cells], width=columns)
        assert sum(wide or 0 for wide in widths) + 2 * (sum(wide is not None for wide in widths) - 1) <= columns
        assert widths[:2] == [len(cells[0]), len(cells[1])]
        assert widths[5] == len("OUTCOME")
    assert table.fit(shown.COLUMNS, [cells], width=400) == [
        max(len(cell), len(column.heading)) for cell, column in zip(cells, shown.COLUMNS, strict=True)
    ]


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("command", ["releases", "tokens:list", "tokens:trust:list", "apps:list", "ps", "audit"])
def test_no_table_is_wider_than_its_terminal(signed_in: Platform, command: str, columns: int) -> None:
    long = "x" * 64
    for number in range(3):
        release = signed_in.release("web", f"Set {long}")
        release.state, release.actor = releaser_pb2.STATE_SUPERSEDED, f"user:{long}@example.com"
        name = f"{number}{long}"
        signed_in.tokens[name] = tokens_pb2.Token(name=name, token_id=name, permissions=[long] * 3, apps=[long] * 3)
        signed_in.trusts[name] = tokens_pb2.Trust(name=name, trust_id=name, issuer=long, subject=long, apps=[long])
        signed_in.record("secrets.get", "web", long)
    signed_in.apps[long] = signed_in.apps["web"]
    terminal = Terminal(command, environ={"COLUMNS": str(columns), "NO_COLOR": "1"})
    assert terminal.end() == 0
    lines = [line for line in plain(terminal.screen).splitlines() if not line.startswith(("note:", "More", "Older"))]
    assert len(lines) >= 2
    assert [line for line in lines if len(line) > columns] == []
