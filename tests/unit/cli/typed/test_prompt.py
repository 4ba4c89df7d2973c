"""The prompt for a value: one line, whole, not shown, and nothing of a paste left for the shell.

Each test runs the real program on a pseudo-terminal.
"""

import signal
import termios

import pytest

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.unit.cli.terminal import Terminal

CANARY = "c4n4ry"
PROMPT = "Value of K (not shown): "


def asked(typed: str, *, then: str = "") -> Terminal:
    """`secrets:set K`, with something typed or pasted at its prompt."""
    terminal = Terminal("secrets:set", "K", "--no-wait", then=then)
    terminal.until(PROMPT)
    terminal.type(typed)
    return terminal


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (f"{CANARY}\n", CANARY),
        (f"{CANARY}\r", CANARY),
        (f"wrong\x15{CANARY}\n", CANARY),  # the terminal's own editing: Ctrl-U
        (f"{CANARY}\n\n", CANARY),  # an empty line after it is no part of a value
        ("grüße ☃\n", "grüße ☃"),
        (" spaced \n", " spaced "),
    ],
)
def test_one_line_is_the_value(signed_in: Platform, *, typed: str, kept: str) -> None:
    terminal = asked(typed)
    assert terminal.end() == 0
    assert signed_in.apps["web"].secrets == {"K": kept}
    assert CANARY not in terminal.screen


@pytest.mark.parametrize(
    "typed",
    [
        f"one-{CANARY}\ntwo-{CANARY}\n",
        f"one-{CANARY}\ntwo-{CANARY}",  # the last line has no end yet
        f"-----BEGIN\n\n{CANARY}\n",
        f"\n{CANARY}\n",
        "x" * 5000 + "\n",  # a terminal keeps 4095 bytes of a line and drops the rest
    ],
)
def test_a_paste_that_would_be_cut_is_refused_with_the_way_to_do_it(signed_in: Platform, typed: str) -> None:
    terminal = asked(typed)
    assert terminal.end() == 1
    words = " ".join(terminal.screen.split())
    assert "the value of K has more than the one line that a prompt takes; pipe it in with K=-, or" in words
    assert "K=@path" in words
    assert CANARY not in terminal.screen
    assert signed_in.gateway.calls("SetSecrets") == []


def test_nothing_of_a_paste_is_left_for_the_shell(signed_in: Platform) -> None:
    terminal = asked(f"one\ntouch {CANARY}\ntouch {CANARY}", then="read -r line; echo left:$line")
    terminal.until("K=@path")
    terminal.type("later\n")
    terminal.until("left:later")
    terminal.end()
    assert signed_in.apps["web"].secrets == {}


def test_what_is_typed_ahead_is_no_way_to_lose_the_first_line(signed_in: Platform) -> None:
    terminal = Terminal("secrets:set", "K", "--no-wait")
    terminal.type("one\ntwo\n")
    assert terminal.end() == 1
    assert signed_in.apps["web"].secrets == {}


@pytest.mark.parametrize("typed", ["\n", "\x04"])
def test_nothing_typed_is_refused(signed_in: Platform, typed: str) -> None:
    terminal = asked(typed)
    assert terminal.end() == 1
    words = " ".join(terminal.screen.split())
    assert (
        "nothing came at the prompt for K; to seal an empty value, type `paas secrets:set K= --no-wait -a web`" in words
    )
    assert signed_in.gateway.calls("SetSecrets") == []


def test_of_several_prompts_one_that_is_refused_stops_all(signed_in: Platform) -> None:
    terminal = Terminal("secrets:set", "A", "B")
    terminal.until("Value of A")
    terminal.type("fine\n")
    terminal.until("Value of B")
    terminal.type("one\ntwo\n")
    assert terminal.end() == 1
    assert signed_in.apps["web"].secrets == {}


def test_the_terminal_echoes_again_however_it_ends(signed_in: Platform) -> None:
    assert signed_in.apps
    for typed in ("fine\n", "one\ntwo\n", ""):
        terminal = asked(typed)
        if not typed:
            terminal.process.send_signal(signal.SIGINT)
        terminal.end()
        assert terminal.modes == termios.ECHO | termios.ICANON


def test_login_takes_one_line_as_well(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAAS_TOKEN", raising=False)
    for option in ("--token", "--with-token"):  # two names of the same
        terminal = Terminal("login", "--gateway", platform.gateway.address, option)
        terminal.until("Personal access token (not shown): ")
        terminal.type(f"{TOKEN}\n{CANARY}\n")
        assert terminal.end() == 1
        assert "More than one line came" in terminal.screen
        assert TOKEN not in terminal.screen
    assert platform.gateway.seen == []
