"""`config:edit` on a terminal of its own, with a script for an editor: what it sees, what is asked, what is left.

Leaves out the dialect of the file (test_dotenv_reading) and the way into one release (test_together).
"""

import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, plain

CANARY = "c4n4ry-value"
MASK = "•" * 16
ASK = "Save and release this? [y/N/e(dit again)]"
Editing = Callable[..., Terminal]


@pytest.fixture
def web(signed_in: Platform) -> Platform:
    """An app with one of every kind."""
    app = signed_in.apps["web"]
    app.vars |= {"LOG_LEVEL": "info", "BANNER": "two\nlines", "API_TOKEN": "t", "OLD": "1"}
    app.secrets["STRIPE_API_KEY"] = CANARY
    app.managed["DATABASE_URL"] = "postgres://..."
    return signed_in


@pytest.fixture
def editing(web: Platform, home: Path) -> Editing:
    """`editing("s/info/debug/")` runs `config:edit` whose editor does that with sed.

    `seen/N` is what the editor found the Nth time, `mode` the modes of the file and of its folder, `path` where it is.
    """
    assert web.apps
    seen = home / "seen"
    seen.mkdir()

    def start(*scripts: str, arguments: tuple[str, ...] = (), then: str = "") -> Terminal:
        for number, script in enumerate(scripts):
            (home / f"sed-{number}").write_text(script, encoding="utf-8")
        editor = home / "editor"
        editor.write_text(
            f"""#!/bin/sh
n=$(ls {seen} | wc -l)
cp "$2" {seen}/$n
stat -c %a "$2" "$(dirname "$2")" > {home}/mode
echo "$2" > {home}/path
[ "$1" = --wait ] || exit 9
sed -i -f {home}/sed-$n "$2"
{then}
""",
            encoding="utf-8",
        )
        editor.chmod(0o755)
        return Terminal("config:edit", *arguments, environ={"VISUAL": f"'{editor}' --wait", "EDITOR": "false"})

    return start


def left_behind(home: Path) -> bool:
    """Whether the file or its folder is still there."""
    path = Path((home / "path").read_text(encoding="utf-8").strip())
    return path.exists() or path.parent.exists()


def kept(home: Path) -> list[Path]:
    """The texts that were kept."""
    return sorted((home / ".local" / "state" / "paas" / "edits").glob("*"))


def test_what_was_edited_is_shown_asked_about_and_released_once(editing: Editing, web: Platform, home: Path) -> None:
    terminal = editing("s/info/debug/; s/^API_TOKEN=.*/API_TOKEN=c4n4ry-new/; s/^OLD=.*/NEW='x y'/")
    terminal.until(ASK)
    terminal.type("y\n")
    assert terminal.end() == 0
    screen = plain(terminal.screen).replace("\r\n", "\n")
    assert f"~ API_TOKEN={MASK} -> {MASK}\n~ LOG_LEVEL=info -> debug\n+ NEW=x y\n- OLD=1\n" in screen
    assert "c4n4ry" not in screen
    app = web.apps["web"]
    assert app.vars == {"LOG_LEVEL": "debug", "BANNER": "two\nlines", "API_TOKEN": "c4n4ry-new", "NEW": "x y"}
    assert (list(app.releases), app.draft) == ([1], {})
    assert (home / "mode").read_text() == "600\n700\n"
    assert not left_behind(home)
    assert kept(home) == []


def test_the_file_is_sorted_and_has_secrets_by_name_alone(editing: Editing, home: Path) -> None:
    assert editing("").end() == 0
    text = (home / "seen" / "0").read_text(encoding="utf-8")
    assert text.startswith("# Config vars of web.")
    assert "# Not to be changed here: STRIPE_API_KEY (secret)\n" in text
    assert "# Not to be changed here: DATABASE_URL (managed)\n" in text
    assert text.endswith("\nAPI_TOKEN=t\nBANNER='two\nlines'\nLOG_LEVEL=info\nOLD=1\n")
    assert CANARY not in text
    assert "•" not in text


def test_nothing_changed_is_no_change(editing: Editing, web: Platform) -> None:
    terminal = editing("s/^# Config/# Some words/")
    assert terminal.end() == 0
    assert plain(terminal.screen) == "No change\r\n"
    assert web.gateway.calls("SetVars") == []


def test_no_changes_nothing_and_again_goes_on_with_the_text(editing: Editing, web: Platform, home: Path) -> None:
    terminal = editing("s/info/debug/", "s/debug/warning/")
    terminal.until(ASK)
    terminal.type("e\n")
    terminal.until("info -> warning")
    terminal.type("\n")
    assert terminal.end() == 1
    assert "LOG_LEVEL=debug" in (home / "seen" / "1").read_text(encoding="utf-8")
    assert web.apps["web"].vars["LOG_LEVEL"] == "info"
    assert not left_behind(home)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("$aNO VALUE", "is not NAME=value"),
        ("$aSTRIPE_API_KEY=c4n4ry-typed", "STRIPE_API_KEY is a secret"),
        ("$aDATABASE_URL=c4n4ry-typed", "DATABASE_URL is managed by an add-on"),
        ("$aPATH=c4n4ry-typed", "PATH is reserved for the platform"),
    ],
)
def test_a_line_that_can_not_be_is_named_and_edited_again(
    editing: Editing, web: Platform, script: str, said: str
) -> None:
    terminal = editing(script, "$d")
    terminal.until("Edit it again? [Y/n]")
    screen = plain(terminal.screen)
    assert said in screen
    assert "ine 11" in screen
    terminal.type("\n")
    assert terminal.end() == 0
    assert "No change" in terminal.screen
    assert "c4n4ry" not in terminal.screen
    assert web.gateway.calls("SetVars") == []


def test_who_gives_up_on_such_a_line_finds_the_text(editing: Editing, home: Path) -> None:
    terminal = editing("$aNO VALUE")
    terminal.until("Edit it again? [Y/n]")
    terminal.type("n\n")
    assert terminal.end() == 1
    (path,) = kept(home)
    assert str(path) in terminal.screen
    assert path.read_text(encoding="utf-8").endswith("OLD=1\nNO VALUE\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not left_behind(home)


def test_what_others_changed_meanwhile_stands_and_the_text_is_kept(editing: Editing, web: Platform, home: Path) -> None:
    terminal = editing("s/info/debug/")
    terminal.until(ASK)
    web.apps["web"].vars["LOG_LEVEL"] = "of bob"
    terminal.type("y\n")
    assert terminal.end() == 1
    assert "was changed by someone else in between" in plain(terminal.screen)
    (path,) = kept(home)
    assert str(path) in terminal.screen
    assert "LOG_LEVEL=debug" in path.read_text(encoding="utf-8")
    assert web.apps["web"].vars["LOG_LEVEL"] == "of bob"


def test_a_refusal_keeps_the_text_and_a_failed_release_does_not(editing: Editing, web: Platform, home: Path) -> None:
    web.gateway.fail("SetVars", Fault(7, "You may not."))
    refused = editing("s/info/debug/", arguments=("--yes",))
    assert refused.end() == 4
    assert len(kept(home)) == 1


def test_one_name_alone_is_its_value(editing: Editing, web: Platform, home: Path) -> None:
    terminal = editing("s/two/'2'/", arguments=("BANNER", "--yes", "--stage"))
    assert terminal.end() == 0
    assert (home / "seen" / "0").read_text(encoding="utf-8") == "two\nlines\n"
    assert web.apps["web"].draft["BANNER"].value == "'2'\nlines"
    assert "~ BANNER=two\\nlines -> '2'\\nlines" in plain(terminal.screen)


@pytest.mark.parametrize("name", ["STRIPE_API_KEY", "DATABASE_URL", "PATH", "1X"])
def test_one_name_that_is_no_config_var_opens_nothing(editing: Editing, home: Path, name: str) -> None:
    assert editing("", arguments=(name,)).end() in (1, 2)
    assert not (home / "path").exists()


def test_an_editor_that_fails_changes_nothing(editing: Editing, web: Platform, home: Path) -> None:
    terminal = editing("s/info/debug/", then="exit 3")
    assert terminal.end() == 1
    assert "The editor ended with 3; nothing was changed." in plain(terminal.screen)
    assert web.apps["web"].vars["LOG_LEVEL"] == "info"
    assert not left_behind(home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_file(editing: Editing, web: Platform, home: Path, number: signal.Signals) -> None:
    terminal = editing("s/info/debug/", then="echo open; exec sleep 600")
    terminal.until("open")
    os.kill(terminal.process.pid, number)
    assert terminal.end() == 128 + number
    assert not left_behind(home)
    assert web.apps["web"].vars["LOG_LEVEL"] == "info"


def test_ctrl_c_is_the_editors_while_it_runs(editing: Editing, web: Platform, home: Path) -> None:
    terminal = editing("s/info/debug/", then="trap 'kill $!; echo caught; exit 0' INT; sleep 600 & echo open; wait")
    terminal.until("open")
    os.killpg(terminal.process.pid, signal.SIGINT)
    terminal.until(ASK)
    terminal.type("n\n")
    assert terminal.end() == 1
    assert "caught" in terminal.screen
    assert web.apps["web"].vars["LOG_LEVEL"] == "info"
    assert not left_behind(home)


def test_without_a_terminal_or_an_editor_it_says_so(
    paas: Paas, web: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = paas("config:edit")
    assert result.exit_code == 2
    assert "there is no terminal for one; `paas config:import FILE -a web` takes a file" in result.err
    for unset in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(unset, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    for environ, said in (
        ({}, "There is no editor"),
        ({"EDITOR": "no-such-program"}, "can't be started: no such file or directory"),
        ({"EDITOR": "it's"}, "EDITOR opens a quote"),
    ):
        terminal = Terminal("config:edit", environ=environ)
        assert terminal.end() == 1
        assert said in plain(terminal.screen)
    assert web.gateway.calls("SetVars") == []
