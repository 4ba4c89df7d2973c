"""What a person at a terminal sees of signing in, and when a browser opens by itself."""

import re
import signal
from pathlib import Path

import pytest

from tests.fakes.oidc_issuer import OidcIssuer, User
from tests.fakes.platform import Platform
from tests.fixtures.waiting import soon
from tests.unit.cli.sso.conftest import kept, kept_files, refresh_token
from tests.unit.cli.terminal import Terminal, plain


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that opens addresses, and the file of those it was given."""
    programs, opened = tmp_path / "programs", tmp_path / "opened"
    programs.mkdir()
    opener = programs / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$1" >> "{opened}"\necho noise; echo noise >&2\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    opened.touch()
    return opened


def started(sso: Platform, *options: str, **environ: str) -> Terminal:
    """`paas login` at a terminal, at the point where it waits."""
    terminal = Terminal("login", "--gateway", sso.gateway.address, *options, environ=environ)
    terminal.until("Ctrl-C stops")
    return terminal


def code_on(terminal: Terminal) -> str:
    found = re.search(r"enter the code ([A-Z]{4}-[A-Z]{4})", plain(terminal.screen))
    assert found is not None, terminal.screen
    return found.group(1)


@pytest.mark.parametrize("columns", ["60", "80"])
def test_the_whole_of_it(sso: Platform, issuer: OidcIssuer, ann: User, home: Path, columns: str) -> None:
    terminal = started(sso, COLUMNS=columns)
    code = code_on(terminal)
    issuer.approve(code, ann)
    assert terminal.end() == 0
    # What is to be read is broken between words: the file's name is as long as it is.
    assert plain(terminal.screen).replace("\r", "").replace("\n  /", " /").replace("\n  which", " which") == (
        "To sign in, open this address in a browser on any machine:\n"
        f"  {issuer.url}/device\n"
        f"and enter the code {code}\n"
        "This address has the code in it:\n"
        f"  {issuer.url}/device?user_code={code}\n"
        "Waiting for you, for 10 minutes at most; Ctrl-C stops ...\n"
        f"✓ Signed in to {sso.gateway.address} as user:ada@example.com (profile default)\n"
        f"  It is renewed by itself, and kept in {kept(home)}, which only you can read.\n"
    )
    assert refresh_token(home) not in terminal.screen


def test_a_browser_opens_where_there_is_a_display(sso: Platform, issuer: OidcIssuer, ann: User, browser: Path) -> None:
    terminal = started(sso, DISPLAY=":0")
    assert "Your browser has been asked to open it." in terminal.screen
    code = code_on(terminal)
    soon(lambda: browser.read_text() == f"{issuer.url}/device?user_code={code}\n")
    issuer.approve(code, ann)
    assert terminal.end() == 0
    assert "noise" not in terminal.screen


@pytest.mark.parametrize(
    ("options", "environ"),
    [
        ((), {}),
        ((), {"DISPLAY": ":0", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}),
        ((), {"WAYLAND_DISPLAY": "w", "SSH_TTY": "/dev/pts/1"}),
        (("--no-browser",), {"DISPLAY": ":0"}),
        (("--web", "--no-browser"), {"DISPLAY": ":0"}),
    ],
)
def test_no_browser_opens_otherwise(
    sso: Platform, browser: Path, home: Path, options: tuple[str, ...], environ: dict[str, str]
) -> None:
    terminal = started(sso, *options, **environ)
    assert "has been asked" not in terminal.screen
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert browser.read_text() == ""
    assert kept_files(home) == []


def test_with_web_it_is_the_page_that_opens(sso: Platform, issuer: OidcIssuer, browser: Path) -> None:
    terminal = started(sso, "--web", DISPLAY=":0")
    soon(lambda: browser.read_text().startswith(f"{issuer.url}/auth?response_type=code&"))
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130


def test_what_an_issuer_says_moves_no_cursor(sso: Platform, issuer: OidcIssuer) -> None:
    from tests.fakes.oidc_issuer import Fault

    hostile = Fault("device", "an escape", changed=lambda d: {**d, "user_code": "AB\x1b[2JCD"})
    with issuer.wrong(hostile):
        terminal = started(sso)
    assert "AB\\x1b[2JCD" in terminal.screen
    terminal.process.send_signal(signal.SIGINT)
    terminal.end()


def test_two_who_sign_in_at_once_both_are(sso: Platform, issuer: OidcIssuer, ann: User, home: Path) -> None:
    """Each read the file of profiles before the other had written it."""
    waiting = [started(sso, "--profile", name) for name in ("one", "two")]
    for terminal in waiting:
        issuer.approve(code_on(terminal), ann)
    assert [terminal.end() for terminal in waiting] == [0, 0]
    text = (home / ".config" / "paas" / "config.toml").read_text()
    assert '[profiles."one"]' in text
    assert '[profiles."two"]' in text
    assert len(kept_files(home)) == 2
