"""What only a terminal shows: colour, alignment, the progress bar, prompts that do not echo, and Ctrl-C.

Each test runs the real program on a pseudo-terminal. Leaves out how it looks; that is for eyes.
"""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from paas.releaser.v1 import releaser_pb2

from paas_cli.terminal.text import visible
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE
from tests.unit.cli.terminal import Terminal, plain


def test_a_listing_keeps_its_shape_and_gets_colour(signed_in: Platform) -> None:
    web = signed_in.apps["web"]
    web.vars, web.managed = {"NODE_ENV": "production"}, {"DATABASE_URL": "postgres://..."}
    coloured = Terminal("config")
    assert coloured.end() == 0
    assert "\x1b[36mNODE_ENV\x1b[0m=production" in coloured.screen
    expected = "NODE_ENV=production\r\nDATABASE_URL=postgres://...   (managed by addon)\r\n"
    assert plain(coloured.screen) == expected
    for environ in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        without = Terminal("config", environ=environ)
        assert without.end() == 0
        assert without.screen == expected


def test_tables_are_aligned_under_a_heading(signed_in: Platform) -> None:
    signed_in.release("web", "Set A")
    signed_in.apps["web"].releases[10] = releaser_pb2.Release(
        number=10, state=releaser_pb2.STATE_SUCCEEDED, description="Set B"
    )
    terminal = Terminal("releases", environ={"NO_COLOR": "1"})
    assert terminal.end() == 0
    heading, first, second = terminal.screen.splitlines()
    assert heading.split() == ["RELEASE", "STATE", "CREATED", "BY", "WHAT"]
    assert heading.index("STATE") == first.index("succeeded") == second.index("queued")


def test_text_from_elsewhere_cannot_drive_the_terminal(signed_in: Platform) -> None:
    attack = "x\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
    web = signed_in.apps["web"]
    web.vars, web.secrets = {"A": attack}, {"S": attack, "T": attack}
    signed_in.release("web", attack)
    signed_in.record("config.set", "web", attack)
    for arguments in (
        ("config",),
        ("secrets:get", "S"),
        ("secrets:get", "S", "T"),
        ("releases",),
        ("releases:info", "v1"),
        ("audit",),
    ):
        terminal = Terminal(*arguments, environ={"NO_COLOR": "1"})
        assert terminal.end() == 0
        assert not re.search("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202e]", terminal.screen), arguments
        assert "\\x1b]0;owned" in terminal.screen


def test_visible_leaves_ordinary_text_alone() -> None:
    assert visible("grüße ☃ 'x' \\n") == "grüße ☃ 'x' \\n"
    assert visible("a\nb\tc\x85") == "a\\nb\\tc\\x85"


def test_the_bar_ends_as_one_line(signed_in: Platform) -> None:
    states = signed_in.end

    def waits_to_be_seen(release: releaser_pb2.Release) -> Iterator[releaser_pb2.Release]:
        for state in states(release):
            yield state
            if (state.instances_updated, state.instances_ready) == (1, 0):
                signed_in.more_events.wait(PATIENCE)

    signed_in.end = waits_to_be_seen  # type: ignore[method-assign]
    terminal = Terminal("config:set", "A=1")
    terminal.until("1/2 updated, 0 ready, 2 old")
    signed_in.more_events.set()
    assert terminal.end() == 0
    assert "✓ v1 succeeded · 2/2 instances" in plain(terminal.screen)
    assert terminal.screen.count("succeeded") == 1
    assert "\x1b[?25h" in terminal.screen  # the cursor is shown again


@pytest.mark.parametrize(("columns", "has_bar"), [(60, False), (80, True)])
def test_progress_fits_in_one_line(signed_in: Platform, columns: int, *, has_bar: bool) -> None:
    def far(release: releaser_pb2.Release) -> Iterator[releaser_pb2.Release]:
        release.state = releaser_pb2.STATE_RUNNING
        release.instances_updated = release.instances_ready = release.instances_old = release.instances_total = 100
        yield release
        signed_in.more_events.wait(PATIENCE)
        release.state = releaser_pb2.STATE_SUCCEEDED
        yield release

    signed_in.end = far  # type: ignore[method-assign]
    terminal = Terminal("config:set", "A=1", environ={"COLUMNS": str(columns)})
    terminal.until("100/100 updated, 100 ready, 100 old")
    signed_in.more_events.set()
    assert terminal.end() == 0
    (line, *_) = [each for each in re.split(r"[\r\n]", plain(terminal.screen)) if "v1 running" in each]
    assert len(line.rstrip()) < columns
    assert ("━" in line) == has_bar


def test_a_secret_is_asked_for_without_echo(signed_in: Platform) -> None:
    terminal = Terminal("secrets:set", "A", "B", "--no-wait")
    for name in ("A", "B"):
        terminal.until(f"Value of {name} (not shown): ")
        terminal.type(f"c4n4ry-{name}\n")
    assert terminal.end() == 0
    assert "c4n4ry" not in terminal.screen
    assert signed_in.apps["web"].secrets == {"A": "c4n4ry-A", "B": "c4n4ry-B"}


def test_login_asks_for_the_token_without_echo(home: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAAS_TOKEN", raising=False)
    terminal = Terminal("login", "--gateway", platform.gateway.address, "--token")
    terminal.until("Personal access token (not shown): ")
    token = next(iter(platform.gateway.tokens))
    terminal.type(f"{token}\n")
    assert terminal.end() == 0
    assert token not in terminal.screen
    assert token in (home / ".config" / "paas" / "config.toml").read_text()


@pytest.mark.parametrize(("typed", "exit_code", "is_left"), [("web", 0, False), ("wbe", 1, True), ("", 1, True)])
def test_destroying_asks_for_the_name(signed_in: Platform, *, typed: str, exit_code: int, is_left: bool) -> None:
    terminal = Terminal("apps:destroy", "web")
    terminal.until("Type web to go on: ")
    terminal.type(f"{typed}\n")
    assert terminal.end() == exit_code
    assert ("web" in signed_in.apps) is is_left


def test_ctrl_c_at_a_prompt_changes_nothing(signed_in: Platform) -> None:
    for arguments, prompt in ((("apps:destroy", "web"), "to go on: "), (("secrets:set", "A"), "(not shown): ")):
        terminal = Terminal(*arguments)
        terminal.until(prompt)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
        assert "Traceback" not in terminal.screen
    assert signed_in.gateway.seen == []


def test_ctrl_c_while_watching_stops_the_watching_alone(signed_in: Platform) -> None:
    def slow(release: releaser_pb2.Release) -> Iterator[releaser_pb2.Release]:
        release.state = releaser_pb2.STATE_RUNNING
        yield release
        signed_in.more_events.wait(PATIENCE)

    signed_in.end = slow  # type: ignore[method-assign]
    terminal = Terminal("config:set", "A=1")
    terminal.until("v1 running")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    signed_in.more_events.set()
    words = " ".join(plain(terminal.screen).split())
    assert "Stopped watching; release v1 goes on. `paas releases:info v1 -a web` shows how it ends." in words
    assert "Traceback" not in terminal.screen
    assert signed_in.apps["web"].vars == {"A": "1"}
