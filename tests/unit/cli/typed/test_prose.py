"""Sentences on a terminal: broken between words, never inside a command; elsewhere one line. And help in its width.

Leaves out tables (test_table) and what is on one line whatever it holds (test_hostile_text).
"""

import io

import click
import pytest

from paas_cli.catalogue import ENTRIES
from paas_cli.program import program
from paas_cli.terminal.output import Output
from paas_cli.terminal.prose import wrapped
from tests.unit.cli.conftest import Paas

SENTENCE = (
    "You are not signed in: run `paas login --gateway https://paas.example.com --profile work`, or set PAAS_TOKEN."
)


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_a_command_stays_whole_and_so_do_words(width: int) -> None:
    lines = wrapped(SENTENCE, width)
    assert " ".join(lines) == SENTENCE
    assert [line for line in lines if len(line) > width and "`" not in line] == []
    assert sum("`paas login --gateway https://paas.example.com --profile work`," in line for line in lines) == 1


def test_lines_after_the_first_hang_and_what_fits_keeps_its_spaces() -> None:
    assert wrapped("name:  one two three", 12, hanging=7) == ["name:  one", "       two", "       three"]
    assert wrapped("key: an-id-as-long-as-it-is", 12, hanging=5) == ["key: an-id-as-long-as-it-is"]
    assert wrapped("a   b", 5) == ["a   b"]


def test_colours_take_no_room_and_elsewhere_it_is_one_line() -> None:
    screen = Screen()
    out = Output(screen, {"COLUMNS": "20", "TERM": "xterm"})
    out.prose(f"{out.styled('error:', 'red', 'bold')} ten letters")
    assert screen.getvalue() == "\x1b[31;1merror:\x1b[0m ten letters\n"
    pipe = io.StringIO()
    Output(pipe, {"COLUMNS": "20"}).prose(SENTENCE)
    assert pipe.getvalue() == SENTENCE + "\n"


@pytest.mark.parametrize("width", [60, 80])
def test_help_is_as_wide_as_the_terminal_but_for_examples(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    group = program()
    above = click.Context(group, info_name="paas")
    for name in ENTRIES:
        command = group.get_command(above, name)
        assert command is not None
        text = command.get_help(click.Context(command, info_name=name, parent=above, **command.context_settings))
        assert [line for line in _not_examples(text) if len(line) > width] == [], name


def _not_examples(text: str) -> list[str]:
    before, _, after = text.partition("For example:")
    return [*before.splitlines(), *after.partition("Options:")[2].splitlines()]


def test_the_help_tells_of_the_environment(paas: Paas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = paas("--help").lines
    told = lines[lines.index("Environment:") :]
    assert {line.split()[0] for line in told if line.startswith("  PAAS_")} == {
        "PAAS_APP", "PAAS_TOKEN", "PAAS_GATEWAY", "PAAS_PROFILE", "PAAS_ENV",
    }  # fmt: skip
    assert [line for line in lines if len(line) > 60 and not line.startswith("    paas ")] == []
