"""`paas open`: the dashboard in a browser, signed in as the command line is.

Leaves out the dashboard itself (tests/integration/dashboard) and single sign-on, where the address needs no link.
"""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages.routes import page_routes
from paas_cli.commands.dashboard import pages
from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.fixtures.waiting import soon
from tests.unit.cli.conftest import Paas

URL = "http://127.0.0.1:7300/runtime/dashboard/sign-in/link#code=abc&to=apps/web"
ENDS = "2026-11-30T05:28:17Z"


def gives(platform: Platform, status: int = 200, document: Any = None) -> list[tuple[str, Any]]:
    """Have the dashboard answer so; what it was asked with."""
    asked: list[tuple[str, Any]] = []

    def answer(bearer: str, wanted: Any) -> tuple[int, Any]:
        asked.append((bearer, wanted))
        return status, {"url": URL, "ends_at": ENDS} if document is None else document

    platform.gateway.links = answer
    return asked


def test_the_link_is_printed_where_there_is_no_screen(
    paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    asked = gives(signed_in)
    result = paas("open")
    assert (result.exit_code, result.out) == (0, f"{URL}\n")
    assert "open this yourself" in result.err
    assert asked == [(TOKEN, {"page": "apps/web"})]
    assert TOKEN not in result.out + result.err


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with what a browser was started with, and what that is a file of, if it is one."""
    programs, seen = tmp_path / "bin", tmp_path / "seen"
    programs.mkdir()
    seen.mkdir()
    # What is to be done after a minute is done once the browser has read what it was given.
    done = seen / "done"
    _program(programs / "sleep", f'[ "$1" = 60 ] && until [ -e "{done}" ]; do /bin/sleep 0.01; done')
    _program(
        programs / "xdg-open",
        f"""
printf '%s\\n' "$@" > "{seen}/arguments"
stat -c '%a' "$(dirname "$1")" "$1" > "{seen}/modes" 2> /dev/null
cat "$1" > "{seen}/page" 2> /dev/null
touch "{done}"
""",
    )
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":0")
    return seen


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_browser_is_given_a_file_that_nobody_else_can_read(paas: Paas, signed_in: Platform, browser: Path) -> None:
    gives(signed_in)
    result = paas("open")
    assert (result.exit_code, result.out, result.err) == (0, "Opened the dashboard in your browser.\n", "")
    arguments = (browser / "arguments").read_text()
    assert "abc" not in arguments
    assert "http" not in arguments
    path = Path(arguments.removesuffix("\n"))
    assert (browser / "modes").read_text().split() == ["700", "600"]
    page = (browser / "page").read_text()
    assert f'action="{URL.partition("#")[0]}/look"' in page
    assert 'name="code" value="abc"' in page
    assert 'name="to" value="apps/web"' in page
    assert 'method="post"' in page
    soon(lambda: not path.parent.exists())


def test_a_link_can_be_printed_instead(paas: Paas, signed_in: Platform, browser: Path) -> None:
    gives(signed_in)
    assert paas("open", "--print").out == f"{URL}\n"
    assert not any(browser.iterdir())


def test_what_a_link_says_is_text_in_the_file(paas: Paas, signed_in: Platform, browser: Path) -> None:
    gives(signed_in, 200, {"url": "http://x/'#code=%22%3E%3Cscript%3E", "ends_at": ENDS})
    assert paas("open").exit_code == 0
    page = (browser / "page").read_text()
    assert 'value="&quot;&gt;&lt;script&gt;"' in page
    assert "x/&#x27;/look" in page


def test_an_app_is_asked_for_by_its_page(paas: Paas, signed_in: Platform) -> None:
    asked = gives(signed_in)
    assert json.loads(paas("open", "-a", "shop", "--json").out) == {"url": URL, "ends_at": ENDS}
    assert asked[0][1] == {"page": "apps/shop"}


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        (("-a", "shop"), "apps/shop"),
        (("apps", "-a", "shop"), ""),
        (("variables", "-a", "shop"), "apps/shop"),
        (("secrets", "-a", "shop"), "apps/shop"),
        (("secrets", "S_K", "-a", "shop"), "apps/shop/secrets/S_K"),
        (("releases", "-a", "shop"), "apps/shop/releases"),
        (("releases", "v12", "-a", "shop"), "apps/shop/releases/12"),
        (("audit",), "account/audit"),
        (("audit", "-a", "shop"), "account/audit?app=shop"),
        (("tokens", "-a", "shop"), "account/tokens"),
    ],
)
def test_a_page_is_asked_for_by_its_name(paas: Paas, signed_in: Platform, typed: tuple[str, ...], page: str) -> None:
    asked = gives(signed_in)
    assert paas("open", *typed, "--print").exit_code == 0
    assert asked[0][1] == {"page": page}


def test_the_app_that_is_chosen_is_shown(paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = gives(signed_in)
    monkeypatch.setenv("PAAS_APP", "here")
    paas("open", "--print")
    paas("open", "audit", "--print")
    monkeypatch.delenv("PAAS_APP")
    paas("open", "--print")
    assert [wanted["page"] for _, wanted in asked] == ["apps/here", "account/audit", ""]
    assert paas("open", "releases", "--print").exit_code == 2


def test_pages_that_are_not_there_are_refused(paas: Paas, signed_in: Platform) -> None:
    gives(signed_in)
    unknown = paas("open", "settings")
    assert unknown.exit_code == 2
    assert all(page in unknown.err for page in ("variables", "releases", "audit", "sessions"))
    assert "secrets and releases" in paas("open", "audit", "7").err


def test_each_page_is_one_of_the_dashboard_s() -> None:
    """Addresses that the command line makes are routes there."""
    routes = {route.path for route in page_routes()}
    named = {f"/apps/{{app}}{path}" for path in pages.OF_APP.values()} | {
        f"/{path}" for path in pages.OF_ACCOUNT.values()
    }
    assert named | {"/apps/{app}/secrets/{name}", "/apps/{app}/releases/{number:int}"} <= routes


@pytest.mark.parametrize(
    ("answer", "exit_code", "said"),
    [
        ((401, {"error": "You are not signed in."}), 3, "You are not signed in. `paas login` signs you in."),
        ((503, {"error": "Not now."}), 5, "Not now."),
        ((415, ""), 1, "has no dashboard"),
        ((404, ""), 1, "has no dashboard"),
        ((200, {"url": "javascript:alert(1)"}), 1, "does not understand"),
        ((200, {"url": f"{URL}\x1b[2J"}), 1, "does not understand"),
        ((200, ["no document"]), 1, "does not understand"),
    ],
)
def test_what_is_refused_is_said(
    paas: Paas, signed_in: Platform, answer: tuple[int, Any], exit_code: int, said: str
) -> None:
    gives(signed_in, *answer)
    result = paas("open")
    assert result.exit_code == exit_code
    assert said in result.err
    assert result.out == ""
