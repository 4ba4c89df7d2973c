"""A value that somebody looked at, and what is left of it half a minute later: nothing, anywhere.

The half minute is the page's own clock, which the test moves on. The memory that is searched is the page's heap, after
it was cleaned up, as the browser writes it out.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.visits import Window, comes_true, is_copied, window
from tests.e2e.installation import Paas


@pytest.fixture
def at_secret(browser: Any, idle: Paas) -> Iterator[tuple[Window, str]]:
    """A window at an app with the secret API_KEY, and its value. The page's clock is the test's."""
    secret = idle.canaries.secret()
    idle.ok("secrets:set", "API_KEY=-", stdin=secret.encode())
    with window(browser, idle, permissions=["clipboard-read", "clipboard-write"]) as opened:
        opened.page.clock.install()
        opened.open(f"apps/{idle.environment['PAAS_APP']}")
        yield opened, secret


def heap_of(page: Any) -> str:
    """Everything that the page's scripts and document hold, once what nobody holds is gone."""
    session = page.context.new_cdp_session(page)
    parts: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda event: parts.append(event["chunk"]))
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    session.detach()
    return "".join(parts)


def kept_by(page: Any) -> str:
    """What the page shows, its address, and what the browser keeps for it."""
    kept = page.evaluate(
        """async () => JSON.stringify([
            document.documentElement.outerHTML, location.href, history.state, document.title,
            Object.entries(localStorage), Object.entries(sessionStorage), document.cookie,
            await caches.keys(), (await indexedDB.databases()).map((each) => each.name),
            [...document.querySelectorAll("input, textarea")].map((each) => each.value)])"""
    )
    return str(json.loads(kept))


def reveal(page: Any, why: str = "Ticket 4711") -> None:
    """Ask for API_KEY, and say why."""
    page.get_by_role("button", name="Reveal API_KEY").click()
    page.get_by_label("Why do you look?").fill(why)
    page.get_by_role("button", name="Show it").click()


def test_a_value_is_shown_for_half_a_minute_and_then_is_nowhere(at_secret: tuple[Window, str]) -> None:
    opened, secret = at_secret
    page = opened.page
    assert secret not in kept_by(page)
    reveal(page)
    page.get_by_text(secret).wait_for()
    page.clock.fast_forward(5_000)
    assert secret in page.content()
    # Only then: the page's clock goes on by itself as well, for as long as the search takes.
    assert secret in heap_of(page), "or the search finds nothing"
    page.clock.fast_forward(26_000)
    page.get_by_role("button", name="Reveal API_KEY").wait_for()
    assert secret not in kept_by(page)
    assert secret not in heap_of(page)


def test_it_can_be_hidden_before(at_secret: tuple[Window, str]) -> None:
    opened, secret = at_secret
    page = opened.page
    reveal(page)
    page.get_by_role("button", name="Hide API_KEY").click()
    page.get_by_role("button", name="Reveal API_KEY").wait_for()
    assert secret not in kept_by(page) + heap_of(page)


def test_a_value_is_copied_without_being_shown_and_the_clipboard_is_emptied(at_secret: tuple[Window, str]) -> None:
    opened, secret = at_secret
    page = opened.page
    page.get_by_role("button", name="Copy API_KEY").click()
    is_copied(page, "API_KEY")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    assert secret not in page.content()
    page.clock.fast_forward(31_000)
    comes_true(page, "async () => (await navigator.clipboard.readText()) === ''")
    assert secret not in heap_of(page)


def test_going_back_shows_nothing(at_secret: tuple[Window, str]) -> None:
    opened, secret = at_secret
    page = opened.page
    reveal(page)
    page.get_by_text(secret).wait_for()
    page.get_by_role("link", name="Releases").click()
    page.wait_for_url("**/releases")
    page.go_back()
    page.get_by_role("button", name="Reveal API_KEY").wait_for()
    assert secret not in kept_by(page)


def test_no_manager_of_passwords_fills_a_field(at_secret: tuple[Window, str]) -> None:
    opened, _ = at_secret
    assert opened.page.locator("input[type=password]").count() == 0
    named = opened.page.locator("input:not([type=hidden]), textarea")
    for index in range(named.count()):
        assert named.nth(index).get_attribute("autocomplete") in ("off", None)
        assert named.nth(index).get_attribute("name") not in ("username", "password", "email", "login")


def test_nothing_is_shown_before_it_is_said_why(at_secret: tuple[Window, str], idle: Paas) -> None:
    """By the keyboard alone. What was said last is there for the next value; nothing was asked for before."""
    opened, secret = at_secret
    page = opened.page
    button = page.get_by_role("button", name="Reveal API_KEY")
    button.focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("Why do you look?")
    assert field.evaluate("(field) => field === document.activeElement")
    page.keyboard.press("Enter")
    assert field.evaluate("(field) => field.validity.valueMissing")
    page.keyboard.press("Escape")
    assert button.evaluate("(button) => button === document.activeElement")
    assert secret not in page.content()
    reveal(page, "Ticket <b>4711</b>")
    page.get_by_text(secret).wait_for()
    page.get_by_role("button", name="Hide API_KEY").click()
    button.click()
    assert field.input_value() == "Ticket <b>4711</b>"
    asked = idle.ok("audit", "--action", "secrets.get", "-a", idle.environment["PAAS_APP"], "--json").document["events"]
    assert [event["reason"] for event in asked] == ["Ticket <b>4711</b>"]


def test_a_reason_that_tells_the_value_is_refused_and_gone_with_the_half_minute(at_secret: tuple[Window, str]) -> None:
    opened, secret = at_secret
    page = opened.page
    reveal(page, f"it is {secret}")
    page.get_by_role("alert").get_by_text("Nothing was revealed").wait_for()
    page.clock.fast_forward(31_000)
    page.get_by_role("button", name="Reveal API_KEY").wait_for()
    assert secret not in kept_by(page)
    assert secret not in heap_of(page)
