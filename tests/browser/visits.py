"""People with browsers: a window that is signed in, and what it noticed beside what a test looks at."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tests.browser.chromium import MILLISECONDS, anew
from tests.e2e.installation import Paas, eventually, releases
from tests.fixtures.waiting import PATIENCE

PAGES: Final = "/runtime/dashboard/"
_RELEASE: Final = re.compile(r"/releases/\d+$")
# Where saving leads to while releaser has not been told yet; a group's apps where it was attached to one.
_NOT_TOLD: Final = re.compile(r"/(apps|groups)/[^/]+(/apps)?$")
# For so many milliseconds a change waits for releaser.
_TOLD_WITHIN: Final = 3000
_NAVIGATION: Final = """(([entry]) => [performance.timeOrigin, entry.responseStart])(
    performance.getEntriesByType("navigation"))"""
_BETWEEN_LOOKS: Final = 50  # milliseconds
# With this a form that was refused stays, and does not go after `KEPT_FOR` (dashboard/static/asking.js).
_KEEP_FORMS: Final = """window.setTimeout = ((later) => (act, after, ...more) =>
    after === 30_000 ? 0 : later(act, after, ...more))(window.setTimeout);"""
# Chromium does not tell all of them in the console.
_TELL_VIOLATIONS: Final = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`violation of ${event.effectiveDirective}: ${event.blockedURI}`))"""


@dataclass
class Window:
    """One page of a browser. `noticed` has what no page of ours may do: errors, blocked loads, requests elsewhere."""

    page: Any
    origin: str
    paas: Paas
    noticed: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the dashboard, by its path below the prefix."""
        self.page.goto(f"{self.origin}{PAGES}{path}")

    def words(self) -> str:
        """What a person reads, once all of the page is there."""
        self.page.wait_for_load_state()
        return " ".join(self.page.inner_text("body").split())

    def keep_what_was_refused(self) -> None:
        """Have pages that are opened from now on keep a form for good that was refused, which goes after a while."""
        self.page.add_init_script(_KEEP_FORMS)

    def comes_to_a_release(self, *, app: str = "") -> None:
        """Wait until it shows the release that saving led to; that of `app`, where a group was attached to one.

        A machine may stop for longer than a change waits for releaser. Saving then leads to where the variables are,
        and the release, which is made a moment later, is gone to from here. A page that leads there sooner is at fault.
        """
        self.page.wait_for_url(lambda url: bool(_RELEASE.search(url) or _NOT_TOLD.search(url)))
        if _RELEASE.search(self.page.url):
            return
        began, answered_after = self.page.evaluate(_NAVIGATION)
        assert answered_after >= _TOLD_WITHIN, f"{self.page.url} is no release"
        kind, name = ("apps", app) if app else self.page.url.partition(PAGES)[2].split("/")[:2]
        number = eventually(lambda: self._made_since(began, name), every=0.5)
        self.open(f"{kind}/{name}/releases/{number}")

    def _made_since(self, milliseconds: float, name: str) -> int:
        """The newest release of an app or a group, or 0 where it is of before."""
        newest = releases(self.paas.with_(PAAS_APP=name))[0]
        is_new = datetime.fromisoformat(newest["created_at"]).timestamp() * MILLISECONDS > milliseconds
        return int(newest["number"]) if is_new else 0


@contextmanager
def window(browser: Any, paas: Paas, *, page: str = "", **options: Any) -> Iterator[Window]:
    """A window of a browser of its own, signed in as `paas` is. `options` are those of Playwright's new_context."""
    has_scripts = options.get("java_script_enabled", True)
    with anew(browser, **options) as context, window_of(context, paas, page=page, has_scripts=has_scripts) as opened:
        yield opened


@contextmanager
def window_of(context: Any, paas: Paas, *, page: str = "", has_scripts: bool = True) -> Iterator[Window]:
    """The same in a context that somebody else made, and ends."""
    context.set_default_timeout(PATIENCE * MILLISECONDS)
    opened = Window(context.new_page(), "", paas)
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


def is_copied(page: Any, what: str) -> None:
    """Wait until a page has told that it copied something: the button for it says so for a moment alone."""
    page.locator("#status", has_text=f"Copied {what}").wait_for(state="attached")


def comes_true(page: Any, script: str, arg: Any = None) -> None:
    """Wait until an expression or a function of `arg`, evaluated in a page, is true or promises what is.

    Playwright's own wait takes any promise for true. An expression it evaluates as text each time it looks, and what
    pages may do here (their Content-Security-Policy) forbids that to all looks but the first.
    """
    end = time.monotonic() + PATIENCE
    while not page.evaluate(script, arg):
        assert time.monotonic() < end, f"never came true: {script}"
        page.wait_for_timeout(_BETWEEN_LOOKS)


def reveal(page: Any, name: str, *, why: str = "to look at it", exact: bool = True) -> None:
    """Press a secret's button and say why; what then comes is the caller's to wait for."""
    page.get_by_role("button", name=f"Reveal {name}".strip(), exact=exact).first.click()
    page.get_by_label("Why do you look?").fill(why)
    page.get_by_role("button", name="Show it").click()
