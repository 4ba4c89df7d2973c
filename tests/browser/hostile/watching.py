"""Windows in which hostile texts are looked for: that none ran, opened a dialog, loaded or became an element.

What is asked for elsewhere, and each violation of a page's policy, is noticed by every window (`tests.browser.visits`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.browser.visits import Window, window
from tests.e2e.installation import Paas

# Of which no page has any in its content.
_FOREIGN: Final = "script, iframe, img, svg, math, style, link, base, meta, object, embed, video, source, body, [style]"
_LOOK: Final = """(foreign) => [
    window.__hit ?? null, document.querySelectorAll(`main :is(${foreign})`).length,
    document.querySelectorAll("main form:not([action^='/runtime/dashboard/'])").length,
    typeof document.querySelectorAll, document.title.endsWith(" · PaaS")]"""


@contextmanager
def wary(browser: Any, paas: Paas, *, page: str = "", **options: Any) -> Iterator[Window]:
    """A window that notices dialogs as well."""
    with window(browser, paas, page=page, **options) as opened:

        def noted(dialog: Any) -> None:
            if dialog.type != "beforeunload":
                opened.noticed.append(f"a dialog: {dialog.message}")
            dialog.accept()

        opened.page.on("dialog", noted)
        yield opened


def is_text(opened: Window) -> bool:
    """Whether all that somebody wrote is text on this page."""
    found = opened.page.evaluate(_LOOK, _FOREIGN)
    if found != [None, 0, 0, "function", True]:
        opened.noticed.append(f"{opened.page.url}: {found}")
    return not opened.noticed
