"""Debian's Chromium, found or installed, driven by Playwright. Nothing is downloaded but by the system's own client."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from local.failures import LocalFailure
from tests.fixtures import debian
from tests.fixtures.waiting import PATIENCE

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_PACKAGES: Final = ("chromium", "fonts-dejavu-core")
MILLISECONDS: Final = 1000
_ARGUMENTS: Final = (
    # The sandbox needs what containers do not give; it visits nothing but the stack on this machine.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def ensure() -> str:
    """The path of the program. Raises LocalFailure where there is none and it can't be installed."""
    if (found := _found()) is None:
        debian.install(_PACKAGES)
        found = _found()
    if found is None:
        raise LocalFailure("There is no Chromium: install it (on Debian: apt install chromium), then run this again.")
    return found


@contextmanager
def running() -> Iterator[Any]:
    """A browser, for Playwright to open pages in."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=ensure(), headless=True, args=list(_ARGUMENTS), timeout=PATIENCE * MILLISECONDS
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def anew(browser: Any, **options: Any) -> Iterator[Any]:
    """A context of a browser as somebody has it who has been nowhere yet. `options` are Playwright's."""
    context = browser.new_context(**options)
    try:
        context.set_default_timeout(PATIENCE * MILLISECONDS)
        yield context
    finally:
        context.close()


@contextmanager
def with_profile(browser: Any, folder: Path, **options: Any) -> Iterator[Any]:
    """A context of a browser of its own that keeps in `folder` what people's do. `options` are Playwright's."""
    context = browser.browser_type.launch_persistent_context(
        str(folder),
        executable_path=ensure(),
        headless=True,
        args=list(_ARGUMENTS),
        timeout=PATIENCE * MILLISECONDS,
        # With it nothing is offered to be kept: it is for tests of other things.
        ignore_default_args=["--enable-automation"],
        **options,
    )
    try:
        yield context
    finally:
        context.close()


def _found() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)
