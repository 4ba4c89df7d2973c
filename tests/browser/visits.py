"""People with browsers: a window that is signed in, and what it noticed beside what a test looks at."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.e2e.installation import Paas
from tests.fixtures.waiting import PATIENCE

PAGES: Final = "/runtime/dashboard/"
MILLISECONDS: Final = 1000
# Chromium does not tell all of them in the console.
_TELL_VIOLATIONS: Final = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`violation of ${event.effectiveDirective}: ${event.blockedURI}`))"""


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
    try:
        with window_of(context, paas, page=page, has_scripts=options.get("java_script_enabled", True)) as opened:
            yield opened
    finally:
        context.close()


@contextmanager
def window_of(context: Any, paas: Paas, *, page: str = "", has_scripts: bool = True) -> Iterator[Window]:
    """The same in a context that somebody else made, and ends."""
    context.set_default_timeout(PATIENCE * MILLISECONDS)
    opened = Window(context.new_page(), "")
    _watch(opened)
    come_in(opened, paas, has_scripts=has_scripts)
    if page:
        opened.open(page)
    yield opened
    assert opened.noticed == []


def come_in(opened: Window, paas: Paas, *, has_scripts: bool = True) -> None:
    """Sign a window in as `paas` is, by a link."""
    link = str(paas.ok("open", "apps", "--json").document["url"])
    opened.origin = link.partition(PAGES)[0]
    opened.page.goto(link)
    if not has_scripts:
        # Where no script takes the code out of the address, its person pastes it.
        opened.page.get_by_label("Paste all of it").fill(link)
        opened.page.get_by_role("button", name="Go on").click()
    opened.page.get_by_role("button", name="Continue").click()
    opened.page.wait_for_url(f"{opened.origin}{PAGES}")


def _watch(opened: Window) -> None:
    page, noticed = opened.page, opened.noticed
    page.add_init_script(_TELL_VIOLATIONS)
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


def reveal(page: Any, name: str, *, why: str = "to look at it", exact: bool = True) -> None:
    """Press a secret's button and say why; what then comes is the caller's to wait for."""
    page.get_by_role("button", name=f"Reveal {name}".strip(), exact=exact).first.click()
    page.get_by_label("Why do you look?").fill(why)
    page.get_by_role("button", name="Show it").click()
