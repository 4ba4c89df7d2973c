"""The audit page as it grows. How soon is bench/dashboard's; what it answers is tests/e2e/test_dashboard's."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.browser.visits import comes_true, window
from tests.e2e.installation import Installation, Paas


def test_what_is_done_on_the_command_line_comes_up_by_itself(browser: Any, idle: Paas) -> None:
    app = idle.environment["PAAS_APP"]
    # What made the app is not what comes up then.
    idle.log_is_told()
    with window(browser, idle, page=f"account/audit?app={app}") as opened:
        opened.page.get_by_text("live", exact=True).wait_for()
        before = opened.page.locator("#events tbody tr").count()
        for number in range(3):
            idle.ok("config:set", f"A={number}")
        comes_true(opened.page, "(rows) => document.querySelectorAll('#events tbody tr').length >= rows", before + 3)
        newest = opened.page.locator("#events tbody tr").first.inner_text()
        assert "config.set" in newest or "releases" in newest or "secrets.resolve" in newest


def test_it_goes_on_after_the_connection_was_lost_without_a_gap_or_a_repeat(
    browser: Any, installation: Installation, idle: Paas
) -> None:
    app = idle.environment["PAAS_APP"]
    with window(browser, idle, page=f"account/audit?app={app}&action=config.set") as opened:
        opened.page.get_by_text("live", exact=True).wait_for()
        idle.ok("config:set", "A=1")
        opened.page.locator("#events tbody tr").nth(0).wait_for()
        opened.page.context.set_offline(True)
        idle.ok("config:set", "B=2")
        opened.page.context.set_offline(False)
        with ThreadPoolExecutor() as elsewhere:  # which has no event loop yet, as this thread has
            elsewhere.submit(_killed, installation).result()
        idle.ok("config:set", "C=3")
        comes_true(opened.page, "document.querySelectorAll('#events tbody tr').length >= 3")
        sequences = opened.page.evaluate(
            "[...document.querySelectorAll('#events tbody tr')].map((row) => Number(row.dataset.sequence))"
        )
        assert len(set(sequences)) == len(sequences) == 3
        assert sequences == sorted(sequences, reverse=True)
        # A connection that was lost is told in the console, and is what the test did.
        opened.noticed[:] = [each for each in opened.noticed if "ERR_" not in each and "EventSource" not in each]


def _killed(installation: Installation) -> None:
    installation.stack.kill_part("dashboard")
    installation.stack.wait_ready(["dashboard"])
