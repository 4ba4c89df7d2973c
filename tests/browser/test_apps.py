"""The list of apps of somebody who has more than a page of them: the rest is a page away, and found by name."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.browser.visits import Window, window
from tests.e2e.installation import Paas

# One more than on a page.
_APPS: Final = 51


@pytest.fixture(scope="module")
def many(browser: Any, mia: Paas) -> Iterator[Window]:
    for number in range(_APPS):
        mia.ok("apps:create", f"app-{number:02}", "--instances", "0", "--", "true")
    with window(browser, mia, page="") as opened:
        yield opened


def _names(opened: Window) -> list[str]:
    return [str(name) for name in opened.page.locator("#apps tbody th a:first-child").all_inner_texts()]


def test_all_are_on_some_page(many: Window) -> None:
    many.open("")
    first = _names(many)
    assert "1 to 50 of 51" in many.words()
    many.page.get_by_role("link", name="Next").click()
    many.page.wait_for_url("**page=2")
    assert first + _names(many) == [f"app-{number:02}" for number in range(_APPS)]
    many.page.get_by_role("link", name="Previous").click()
    many.page.wait_for_url("**page=1")
    assert _names(many) == first


def test_one_of_another_page_is_found_by_its_name(many: Window) -> None:
    many.open("")
    many.page.keyboard.press("/")
    many.page.keyboard.type("P-50")
    many.page.keyboard.press("Enter")
    many.page.wait_for_url("**q=P-50")
    assert _names(many) == ["app-50"]
    assert "1 app has P-50 in its name." in many.words()
    many.page.get_by_label("Search apps").fill("nothing-like-that")
    many.page.keyboard.press("Enter")
    many.page.wait_for_url("**q=nothing-like-that")
    assert "No app has nothing-like-that in its name." in many.words()
    assert "No app yet" not in many.words()
    many.page.get_by_role("link", name="All apps").click()
    many.page.wait_for_url("**/dashboard/")
    assert len(_names(many)) == _APPS - 1
