"""A token made on its page: its text is shown once, can be copied, and is nowhere once the page is left.

Leaves out what the page may be asked for and refuses (tests/e2e/test_dashboard_account.py).
"""

from typing import Any

from tests.browser.kept.test_reveal import heap_of, kept_by
from tests.browser.visits import comes_true, window
from tests.e2e.installation import Paas


def accept(dialog: Any, asked: list[str]) -> None:
    """Leave all the same, and remember that one was asked."""
    asked.append(dialog.type)
    dialog.accept()


def test_a_tokens_text_is_gone_with_the_page(browser: Any, ada: Paas) -> None:
    with window(browser, ada, permissions=["clipboard-read", "clipboard-write"]) as opened:
        page, asked = opened.page, list[str]()
        page.on("dialog", lambda dialog: accept(dialog, asked))
        page.clock.install()
        opened.open("account/tokens/new")
        page.get_by_label("What it is for").fill("made-in-a-browser")
        page.get_by_role("button", name="Make the token").click()
        page.get_by_text("Copy its text now.").wait_for()
        text = str(page.locator("#once [data-text]").inner_text())
        ada.canaries.tokens.append(text)
        assert ada.as_token(text).ok("whoami", "--json").document["subject"] == "pat:made-in-a-browser"
        assert text in heap_of(page), "or the search finds nothing"

        page.get_by_role("button", name="Copy").click()
        page.get_by_text("Copied").first.wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == text
        page.clock.fast_forward(31_000)
        comes_true(page, "navigator.clipboard.readText().then((kept) => kept === '')")

        page.get_by_role("link", name="All tokens").click()
        page.get_by_role("link", name="made-in-a-browser").wait_for()
        # It was copied, so nobody is asked whether to leave.
        assert asked == []
        for step in (page.go_back, page.reload, page.go_forward):
            step()
            assert text not in kept_by(page)
            assert text not in heap_of(page)


def test_leaving_before_a_token_is_copied_asks(browser: Any, ada: Paas) -> None:
    with window(browser, ada) as opened:
        page, asked = opened.page, list[str]()
        page.on("dialog", lambda dialog: accept(dialog, asked))
        opened.open("account/tokens/new")
        page.get_by_role("button", name="Make the token").click()
        # The browser asks for a name by itself.
        assert page.locator("#once").is_hidden()
        page.get_by_label("What it is for").fill("not copied")
        page.get_by_role("button", name="Make the token").click()
        page.get_by_text("Copy its text now.").wait_for()
        ada.canaries.tokens.append(str(page.locator("#once [data-text]").inner_text()))
        page.get_by_role("link", name="All tokens").click()
        page.get_by_role("link", name="not copied").wait_for()
        assert asked == ["beforeunload"]


def test_a_refusal_is_told_beside_the_form(browser: Any, ada: Paas) -> None:
    ada.ok("tokens:create", "--name", "taken")
    with window(browser, ada) as opened:
        opened.open("account/tokens/new")
        opened.page.get_by_label("What it is for").fill("taken")
        opened.page.get_by_role("button", name="Make the token").click()
        opened.page.get_by_role("alert").get_by_text("taken").wait_for()
        assert opened.page.get_by_label("What it is for").input_value() == "taken"
