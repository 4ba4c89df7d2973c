"""An app with as many variables as there may be, with names and values as long as they may be together.

Nothing jumps while the page is made (the sum of layout shifts, as Core Web Vitals count them), the heads of the columns
stay in sight, and coming back is to where one was. How soon it is there is bench/dashboard's.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.browser.visits import Window, comes_true, sizes, window
from tests.e2e.installation import Installation, Paas

_MOST: Final = 500
_LONGEST_NAME: Final = 128
# 512 KiB of an app, less what names take.
_VALUE: Final = 800
# What is good by Core Web Vitals.
_MOST_SHIFT: Final = 0.1
_SHIFTS: Final = """window.shifted = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) { window.shifted += entry.value; }
}).observe({ type: "layout-shift", buffered: true });"""


@pytest.fixture(scope="module")
def large(installation: Installation, ada: Paas) -> Paas:
    """`paas` with such an app, every tenth variable a secret."""
    paas = installation.new_app(ada, instances=0)
    names = [f"NAME_{index:03}_".ljust(_LONGEST_NAME, "X") for index in range(_MOST)]
    lines = [f"{name}={'v' * _VALUE}" for name in names]
    paas.ok("config:set", *(line for index, line in enumerate(lines) if index % 10))
    paas.ok("secrets:set", *lines[::10])
    return paas


@pytest.fixture(params=["phone", "desk"])
def at_large(browser: Any, large: Paas, request: pytest.FixtureRequest) -> Iterator[Window]:
    """A window at the app, at each width."""
    with window(browser, large, viewport=sizes()[request.param]) as opened:
        opened.page.add_init_script(_SHIFTS)
        opened.open(f"apps/{large.environment['PAAS_APP']}")
        yield opened


def test_nothing_jumps_and_what_one_was_at_is_found_again(at_large: Window) -> None:
    page = at_large.page
    assert page.locator("#variables tbody tr").count() == _MOST
    page.wait_for_timeout(500)  # milliseconds, in which it would
    assert page.evaluate("window.shifted") <= _MOST_SHIFT
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    page.get_by_label("Search variables").fill("name_49")
    assert page.locator("#variables tbody tr:visible").count() == 10
    page.get_by_label("Search variables").fill("")
    row = page.locator("#variables tbody tr").nth(433)
    row.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 1000
    if page.viewport_size["width"] > 720:
        head = page.locator("#variables thead th").first
        assert head.evaluate("(head) => head.getBoundingClientRect().top") == 0, "the heads are out of sight"

    # Away, to a change that is saved, and back.
    row.get_by_role("button", name="Unset").click()
    page.wait_for_url("**/pending")
    page.get_by_role("button", name="Stage for later").click()
    page.wait_for_url("**/staged")
    page.go_back()
    page.go_back()
    comes_true(page, "(before) => Math.abs(scrollY - before) < 200", before)
    assert page.evaluate("window.shifted") <= _MOST_SHIFT


def test_what_jumps_is_noticed(at_large: Window) -> None:
    at_large.page.evaluate(
        """() => {
            const late = document.createElement("p");
            late.textContent = "late ".repeat(2000);
            document.querySelector("main").prepend(late);
        }"""
    )
    comes_true(at_large.page, f"window.shifted > {_MOST_SHIFT}")
