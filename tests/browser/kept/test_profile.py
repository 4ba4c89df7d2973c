"""What a browser keeps on disk of what it was shown, and what its manager of passwords fills in: nothing of ours.

The profile is one that a person has, with a password kept for this very site. Leaves out other managers: what they
look for is held by the attributes of fields.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser import chromium
from tests.browser.all_pages import pages
from tests.browser.kept.saved_logins import Login, keep
from tests.browser.visits import Window, comes_true, is_copied, reveal, window_of
from tests.e2e.installation import Paas
from tests.fixtures.waiting import soon

# A form such as managers look for, of the same site.
_CONTROL: Final = """<!doctype html><title>x</title><form method=post action=control>
    <input name=username autocomplete=username><input name=password type=password><button>x</button></form>"""
_FILLED: Final = "() => document.querySelectorAll('input:autofill, textarea:autofill').length"
_WRITABLE: Final = "input:not([type=hidden], [type=checkbox], [type=radio], [type=number], [type=search]), textarea"
# What Chromium, 1Password, LastPass, Bitwarden and Dashlane each take for a field that is none of theirs.
_NOT_FILLED: Final = {
    "autocomplete": "off",
    "data-1p-ignore": "",
    "data-lpignore": "true",
    "data-bwignore": "true",
    "data-form-type": "other",
}


@pytest.fixture
def profile() -> Iterator[Path]:
    """A folder for a profile."""
    folder = Path(tempfile.mkdtemp(prefix="paas profile "))
    yield folder
    soon(lambda: _is_removed(folder))


def _is_removed(folder: Path) -> bool:
    """Remove it. That is not done at once where a browser that is ending does something in it."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _files_with(folder: Path, text: str) -> list[str]:
    """The files that have a text in them, in either of the ways in which Chromium writes text."""
    needles = (text.encode(), text.encode("utf-16-le"))
    # It passes over a folder that is gone when it is come to.
    found = (Path(within, name) for within, _, names in os.walk(folder) for name in names)
    return [path.name for path in found if path.is_file() and any(each in _content(path) for each in needles)]


def _content(path: Path) -> bytes:
    """What is in a file; nothing, where a browser that is ending has just removed it."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def test_no_value_is_on_disk_and_no_field_is_filled(browser: Any, full: Paas, profile: Path) -> None:
    app, password = full.environment["PAAS_APP"], "kept-by-the-manager"
    profiled = chromium.with_profile(browser, profile, permissions=["clipboard-read", "clipboard-write"])
    with profiled as context, window_of(context, full, page=f"apps/{app}") as opened:
        values = [_revealed(opened), _pasted(opened), _made(opened, name=f"in-a-profile-{app}")]
        # What is found, if it is there: what was typed into an address, and what a page kept.
        opened.open("account/audit?app=planted-in-an-address")
        opened.page.evaluate("localStorage.setItem('x', 'planted-in-storage')")
        origin = opened.origin
    full.canaries.tokens.append(values[-1])
    # Or the search finds nothing.
    soon(lambda: all(_files_with(profile, each) for each in ("planted-in-an-address", "planted-in-storage")))
    for value in values:
        assert len(value) > 20
        assert _files_with(profile, value) == []

    keep(profile, Login(origin, "ada@example.com", password))
    with chromium.with_profile(browser, profile) as context, window_of(context, full) as opened:
        page = opened.page
        page.route("**/control", lambda route: route.fulfill(content_type="text/html", body=_CONTROL))
        opened.open("control")
        comes_true(page, f"({_FILLED})() === 2")
        page.mouse.click(1, 1)
        # Scripts see it once somebody has touched the page, if the manager fills in anything at all.
        comes_true(page, "(kept) => document.querySelector('[name=password]').value === kept", password)
        page.unroute_all()
        for path in pages(full):
            opened.open(path)
            page.mouse.click(1, 1)
            assert page.evaluate(_FILLED) == 0, path
            assert password not in str(
                page.evaluate("[...document.querySelectorAll('input')].map((e) => e.value).join()")
            )
            if path != "sign-in/link":  # where somebody signs in
                _looks_like_none(opened, path)


def _revealed(opened: Window) -> str:
    page = opened.page
    page.clock.install()
    page.reload()
    reveal(page, "API_KEY", exact=False)
    place = page.locator("[data-secret=API_KEY] code")
    value = str(place.text_content())
    page.get_by_role("button", name="Copy API_KEY").click()
    is_copied(page, "API_KEY")
    page.clock.fast_forward(31_000)
    place.wait_for(state="detached")
    comes_true(page, "navigator.clipboard.readText().then((kept) => kept === '')")
    return value


def _pasted(opened: Window) -> str:
    page, value = opened.page, "pasted-and-never-saved-by-anybody"
    page.get_by_label("Paste a .env").fill(f"PASTED_TOKEN={value}")
    page.get_by_role("button", name="Review changes").click()
    page.wait_for_url("**/pending")
    page.get_by_role("button", name="Discard all of it").click()
    page.wait_for_url("**/apps/*")
    return value


def _made(opened: Window, *, name: str) -> str:
    page = opened.page
    opened.open("account/tokens/new")
    page.get_by_label("What it is for").fill(name)
    page.get_by_role("button", name="Make the token").click()
    page.locator("#once [data-text]").wait_for()
    text = str(page.locator("#once [data-text]").text_content())
    page.get_by_role("button", name="Copy").click()
    is_copied(page, "the token")
    page.get_by_role("link", name="All tokens").click()
    page.wait_for_url("**/account/tokens")
    return text


def _looks_like_none(opened: Window, path: str) -> None:
    page = opened.page
    assert page.locator("[type=password]").count() == 0, path
    for field in page.locator(_WRITABLE).all():
        told = {name: field.get_attribute(name) for name in _NOT_FILLED}
        assert told == _NOT_FILLED, f"{path}: {field.get_attribute('name')}"
        assert field.get_attribute("name") not in ("username", "password", "email", "login", "otp", "code"), path
