"""Hostile texts as the reason that somebody gives for a reveal, wherever it is shown."""

from typing import Any

from tests.browser.hostile.payloads import TEXTS
from tests.browser.hostile.watching import is_text, wary
from tests.e2e.installation import Installation, Paas

# As long as a reason may be, in characters.
_LONGEST = 200


def test_a_reason_is_text(browser: Any, ada: Paas, installation: Installation) -> None:
    """On the page of the secret, in the list of events as it is served and as it comes, and on the event's page."""
    paas = installation.new_app(ada, instances=0)
    app = paas.environment["PAAS_APP"]
    paas.ok("secrets:set", "WHY_KEY=-", stdin=paas.canaries.secret().encode())
    lines = [text for text in TEXTS if text.isprintable() and len(text) <= _LONGEST]
    with wary(browser, paas, page=f"account/audit?app={app}&action=secrets.get") as opened:
        reasons = opened.page.locator("q.reason")
        opened.page.get_by_text("live", exact=True).wait_for()
        for text in lines:
            paas.ok("secrets:get", "WHY_KEY", "--reason", text)
        reasons.nth(len(lines) - 1).wait_for()
        assert sorted(reasons.all_text_contents()) == sorted(lines), "as they come"
        assert is_text(opened)
        opened.page.reload()
        assert sorted(reasons.all_text_contents()) == sorted(lines)
        assert is_text(opened)
        opened.page.locator("tbody a").first.click()
        opened.page.get_by_text("Reason given").wait_for()
        assert opened.page.locator("dd").get_by_text(lines[-1], exact=True).count() == 1
        assert is_text(opened)
        opened.open(f"apps/{app}/secrets/WHY_KEY")
        assert reasons.all_text_contents() == lines[::-1][:5]
        assert is_text(opened)
