"""What a browser gets of the page of a large app, and how soon an event of the command line is on the audit page."""

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.browser import chromium
from tests.browser.visits import comes_true

PAGES: Final = "/runtime/dashboard/"
_LOADS: Final = 9
_EVENTS: Final = 100
_PAAS: Final = str(Path(sys.executable).with_name("paas"))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was measured in a browser."""

    first_paint_ms: float
    kilobytes: float
    event_p50_ms: float
    event_p99_ms: float


def seen(origin: str, link: str, app: str, environment: dict[str, str]) -> Seen:
    """Load the page of an app again and again with an empty cache, then watch the log while events are made."""
    with chromium.running() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        page = context.new_page()
        page.goto(link)
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(f"{origin}{PAGES}")
        loads = [_load(context, f"{origin}{PAGES}apps/{app}") for _ in range(_LOADS)]
        waits = _events(page, origin, environment)
        context.close()
    return Seen(
        first_paint_ms=statistics.median(paint for paint, _ in loads),
        kilobytes=statistics.median(size for _, size in loads) / 1024,
        event_p50_ms=statistics.median(waits),
        event_p99_ms=sorted(waits)[-1 - len(waits) // 100],
    )


def _load(context: Any, url: str) -> tuple[float, float]:
    """First contentful paint in milliseconds, and bytes of everything that was sent."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(url)
    comes_true(page, "performance.getEntriesByName('first-contentful-paint').length > 0")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    size = page.evaluate(
        """[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .reduce((sum, each) => sum + each.transferSize, 0)"""
    )
    page.close()
    return float(paint), float(size)


def _events(page: Any, origin: str, environment: dict[str, str]) -> list[float]:
    """For each of many events, milliseconds from the end of the command that made it until it is on the page."""
    page.goto(f"{origin}{PAGES}account/audit?action=config.set")
    page.get_by_text("live", exact=True).wait_for()
    waits = []
    for number in range(_EVENTS):
        rows = page.locator("#events tbody tr").count()
        subprocess.run(
            [_PAAS, "config:set", f"N={number}", "--no-wait"], env=environment, check=True, capture_output=True
        )
        ended = time.perf_counter()
        # Looked for in the page, every 10 milliseconds: a look from here takes longer than what is measured.
        page.wait_for_function(
            "(rows) => document.querySelectorAll('#events tbody tr').length > rows", arg=rows, polling=10
        )
        waits.append((time.perf_counter() - ended) * 1000)
        if rows > 150:
            page.reload()
            page.get_by_text("live", exact=True).wait_for()
    return waits
