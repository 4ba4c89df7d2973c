"""People with browsers: a window that is signed in, and what it noticed beside what a test looks at."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.e2e.installation import Paas
from tests.fixtures.waiting import PATIENCE

PAGES: Final = "/runtime/dashboard/"
MILLISECONDS: Final = 1000


@dataclass
class Window:
    """One page of a browser. `noticed` has what no page of ours may do: errors, blocked loads, requests elsewhere."""

    page: Any
    origin: str
    noticed: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the dashboard, by its path below the prefix."""
        self.page.goto(f"{self.origin}{PAGES}{path}")

    def words(self) -> str:
        """What a person reads."""
        return " ".join(self.page.inner_text("body").split())


@contextmanager
def window(browser: Any, paas: Paas, *, page: str = "", **options: Any) -> Iterator[Window]:
    """A window of a browser of its own, signed in as `paas` is. `options` are those of Playwright's new_context."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE * MILLISECONDS)
    try:
        link = str(paas.ok("open", "--json").document["url"])
        opened = Window(context.new_page(), link.partition(PAGES)[0])
        _watch(opened)
        opened.page.goto(link)
        opened.page.get_by_role("button", name="Continue").click()
        opened.page.wait_for_url(f"{opened.origin}{PAGES}")
        if page:
            opened.open(page)
        yield opened
    finally:
        context.close()
    assert opened.noticed == []


def _watch(opened: Window) -> None:
    page, noticed = opened.page, opened.noticed
    page.on("pageerror", lambda error: noticed.append(f"error: {error}"))
    page.on("console", lambda message: _note(noticed, message.type, message.text))

    def asked(request: Any) -> None:
        if not request.url.startswith((f"{opened.origin}/", "data:", "blob:")):
            noticed.append(f"asks elsewhere: {request.url}")

    page.on("request", asked)


def _note(noticed: list[str], kind: str, text: str) -> None:
    # An answer that is a refusal is told in the console too, and is what a test may want.
    if kind in ("error", "warning") and "Failed to load resource" not in text:
        noticed.append(f"{kind}: {text}")


def sizes() -> Mapping[str, Mapping[str, int]]:
    """Windows of a telephone and of a desk."""
    return {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 860}}
