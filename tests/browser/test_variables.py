"""Changing variables with mouse, keyboard and clipboard. What is refused, and why, is tests/e2e/test_dashboard's."""

from typing import Any

from tests.browser.visits import Window, window
from tests.e2e.installation import Paas

PASTED = "LOG_LEVEL=debug\nAPI_KEY=%s\nREGION=eu\n"


def app_of(paas: Paas) -> str:
    return paas.environment["PAAS_APP"]


def paste(page: Any, text: str) -> None:
    """What Ctrl-V does with that text in the clipboard, wherever the focus is."""
    page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            (document.activeElement ?? document.body).dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def test_a_paste_anywhere_becomes_a_difference_and_then_a_rollout_that_is_watched(browser: Any, paas: Paas) -> None:
    secret = paas.canaries.secret()
    with window(browser, paas, page=f"apps/{app_of(paas)}") as opened:
        page = opened.page
        paste(page, PASTED % secret)
        page.wait_for_url("**/pending")
        assert "3 changes, one release" in opened.words()
        assert secret not in page.content()
        page.get_by_role("button", name="Save and release").click()
        opened.comes_to_a_release()
        page.get_by_text("succeeded", exact=True).wait_for()
        assert "2 of 2 instances ready" in opened.words()
    assert paas.ok("config").lines == ["LOG_LEVEL=debug", "REGION=eu"]


def test_what_is_pasted_into_a_field_stays_there(at_app: Window, idle: Paas) -> None:
    idle.ok("config:set", "A=1", "B=2")
    at_app.open(f"apps/{app_of(idle)}")
    search = at_app.page.get_by_label("Search variables")
    search.focus()
    paste(at_app.page, "A=1\nB=2\n")
    assert at_app.page.url.endswith(app_of(idle))


def test_leaving_what_is_not_saved_asks_and_loses_nothing(at_app: Window, idle: Paas) -> None:
    page = at_app.page
    page.get_by_label("Paste a .env").fill("A=1")
    page.get_by_role("button", name="Review changes").click()
    page.wait_for_url("**/pending")
    # A browser asks only for somebody who has touched the page.
    page.get_by_role("heading", name="Changes, not saved yet").click()
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Releases").click()
    assert asked == ["beforeunload"]
    assert page.url.endswith("/pending")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Releases").click()
    page.wait_for_url("**/releases")
    page.get_by_role("link", name="Variables").click()
    page.get_by_text("1 change not saved yet").wait_for()


def test_saving_does_not_ask(at_app: Window) -> None:
    page = at_app.page
    page.get_by_label("Paste a .env").fill("A=1")
    page.get_by_role("button", name="Review changes").click()
    page.get_by_role("button", name="Save and release").click()
    at_app.comes_to_a_release()


def test_it_is_all_done_with_a_keyboard(at_app: Window, idle: Paas) -> None:
    page = at_app.page
    page.get_by_label("Paste a .env").focus()
    page.keyboard.type("FEATURE=on")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/pending")
    page.get_by_role("button", name="Save and release").focus()
    page.keyboard.press("Enter")
    at_app.comes_to_a_release()
    at_app.open(f"apps/{app_of(idle)}")
    page.keyboard.press("/")
    page.keyboard.type("nothing like it")
    page.get_by_text("No variable has that in its name.").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("rowheader", name="FEATURE").wait_for()


def test_what_looks_like_a_secret_is_sealed_unless_somebody_says_otherwise(at_app: Window, idle: Paas) -> None:
    page = at_app.page
    page.get_by_label("Paste a .env").fill("WEBHOOK=sk_live_0123456789abcdef")
    page.get_by_role("button", name="Review changes").click()
    kept_as = page.get_by_label("Keep WEBHOOK as")
    assert kept_as.input_value() == "secret"
    kept_as.select_option("config")
    page.get_by_text("It looks like a credential").wait_for()
    assert "0123456789abcdef" not in page.content()
    # Each choice loads the page anew, and what is pressed while it goes is pressed on none.
    with page.expect_navigation():
        page.get_by_label("Keep WEBHOOK as").select_option("secret")
    page.get_by_role("button", name="Save and release").click()
    at_app.comes_to_a_release()
    assert idle.ok("secrets").lines == ["WEBHOOK=" + "•" * 16]
