"""Every page as axe sees it (WCAG 2.2 A and AA), at a phone's width and a desk's, light and dark.

No window scrolls sideways. It finds what a program can find. Leaves out what takes a person: whether words make sense
when they are heard.
"""

from typing import Any

import pytest

from tests.browser.all_pages import pages
from tests.browser.visits import Window, comes_true, sizes, window
from tests.e2e.installation import Paas


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "desk"])
def test_no_page_has_a_violation(browser: Any, full: Paas, size: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe, found = Axe(), dict[str, str]()
    with window(browser, full, viewport=sizes()[size], color_scheme=scheme) as opened:
        opened.open(f"apps/{full.environment['PAAS_APP']}")
        opened.page.get_by_label("Paste a .env").fill("LOG_LEVEL=warn\nPORT=1\nSOME_TOKEN=x\nNEW=1")
        opened.page.get_by_role("button", name="Review changes").click()
        opened.page.wait_for_url("**/pending")
        for path in pages(full):
            opened.open(path)
            results = axe.run(opened.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
            if results.violations_count:
                found[path] = results.generate_report()
            assert not sideways(opened), f"{path} is wider than its window"
    assert not found, "\n".join(f"{path}: {report}" for path, report in found.items())


def sideways(opened: Window) -> bool:
    """Whether the page scrolls to the side."""
    width = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return bool(opened.page.evaluate(width))


def test_the_first_key_goes_past_what_is_on_every_page(browser: Any, full: Paas) -> None:
    with window(browser, full) as opened:
        opened.page.keyboard.press("Tab")
        skip = opened.page.get_by_role("link", name="Skip to the content")
        assert skip.evaluate("(link) => link === document.activeElement")
        opened.page.keyboard.press("Enter")
        comes_true(opened.page, "document.activeElement.id === 'content'")


def test_everything_can_be_read_without_scripts(browser: Any, full: Paas) -> None:
    with window(browser, full, java_script_enabled=False) as opened:
        opened.open(f"apps/{full.environment['PAAS_APP']}")
        words = opened.words()
        assert "LOG_LEVEL" in words
        assert "•" * 16 in words
        # What only a script can do is not offered.
        assert opened.page.get_by_role("button", name="Reveal").count() == 0
        for path in pages(full):
            opened.open(path)
            assert len(opened.words()) > 40
