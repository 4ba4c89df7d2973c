"""`paas open`: the dashboard in a browser, signed in as the command line is.

Leaves out the dashboard itself (tests/integration/dashboard) and single sign-on, where the address needs no link.
"""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

URL = "http://127.0.0.1:7300/runtime/dashboard/sign-in/link?code=abc"
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
    assert asked == [(TOKEN, {"page": ""})]
    assert TOKEN not in result.out + result.err


def test_a_browser_is_asked_to_show_it(
    paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > "{opened}"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":0")
    gives(signed_in)
    result = paas("open")
    assert (result.exit_code, result.out, result.err) == (0, "Opened the dashboard in your browser.\n", "")
    assert opened.read_text() == URL
    opened.unlink()
    assert paas("open", "--print").out == f"{URL}\n"
    assert not opened.exists()


def test_an_app_is_asked_for_by_its_page(paas: Paas, signed_in: Platform) -> None:
    asked = gives(signed_in)
    assert json.loads(paas("open", "-a", "shop", "--json").out) == {"url": URL, "ends_at": ENDS}
    assert asked[0][1] == {"page": "apps/shop"}


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
