"""Hostile texts that come to a page by themselves: events, a release's progress, answers to scripts, an app's output.

Where no service would write them, they are put in place of its answer: a script believes nobody.
"""

import json
import sys
from typing import Any, Final

from tests.browser.hostile.payloads import TEXTS
from tests.browser.hostile.watching import is_text, wary
from tests.browser.visits import comes_true
from tests.e2e.installation import Installation, Paas, health

_PRINTS: Final = """import json, sys
sys.stdout.reconfigure(encoding="utf-8")
print(*json.loads(sys.argv[1]), sep="\\n", flush=True)
sys.exit(3)"""


def _events(texts: tuple[str, ...], told: Any) -> dict[str, Any]:
    """An answer that is a stream of events, one for each text."""
    body = "".join(f"data: {json.dumps(told(number, text))}\n\n" for number, text in enumerate(texts, 1))
    return {"status": 200, "content_type": "text/event-stream", "body": f"{body}event: end\ndata: {{}}\n\n"}


def test_an_event_is_text(browser: Any, full: Paas) -> None:
    def event(number: int, text: str) -> dict[str, object]:
        words = dict.fromkeys(("at", "action", "actor", "for", "address", "app", "outcome"), text)
        return {**words, "sequence": 10**9 + number, "targets": [text, text], "repeats": 0}

    with wary(browser, full) as opened:
        opened.page.route("**/account/audit/events?*", lambda route: route.fulfill(**_events(TEXTS, event)))
        opened.open("account/audit?action=keys.rotate")
        opened.page.locator("#events tbody tr").nth(len(TEXTS) - 1).wait_for()
        for column in (1, 4):
            cells = opened.page.locator(f"#events tbody td:nth-child({column + 1}) code:first-child")
            assert cells.all_text_contents() == list(reversed(TEXTS))
        assert is_text(opened)
        opened.page.unroute_all()


def test_how_a_release_goes_on_is_text(browser: Any, full: Paas) -> None:
    def progress(number: int, text: str) -> dict[str, object]:
        return {"kind": text, "word": text, "ended": False, "ready": 0, "total": number, "message": text}

    with wary(browser, full) as opened:
        opened.page.route("**/progress", lambda route: route.fulfill(**_events(TEXTS, progress)))
        # A page of one that goes on, whatever it is: it is the script that is looked at.
        opened.page.route("**/releases/2", lambda route: route.fulfill(response=(got := route.fetch()), body=_on(got)))
        opened.open(f"apps/{full.environment['PAAS_APP']}/releases/2")
        comes_true(opened.page, "(text) => document.querySelector('[data-state]').textContent === text", TEXTS[-1])
        assert is_text(opened)
        opened.page.unroute_all()


def _on(got: Any) -> str:
    return str(got.text()).replace('id="release"', 'id="release" data-progress="2/progress"')


def test_what_a_script_is_answered_is_text(browser: Any, full: Paas) -> None:
    with wary(browser, full) as opened:
        page, answered = opened.page, list[str]()
        # It is asked forty times, which may take longer than a form stays.
        opened.keep_what_was_refused()
        page.route("**/reveal", lambda route: route.fulfill(json={"error": answered[-1]}))
        opened.open(f"apps/{full.environment['PAAS_APP']}/secrets/API_KEY")
        page.get_by_role("button", name="Reveal", exact=True).click()
        page.get_by_label("Why do you look?").fill("to look at it")
        for text in TEXTS:
            answered.append(text)
            page.get_by_role("button", name="Show it").click()
            comes_true(
                page,
                "(text) => [...document.querySelectorAll('main .problem')].some((each) => each.textContent === text)",
                text,
            )
        assert is_text(opened)
        page.unroute_all()
        made = dict.fromkeys(("title", "about", "secret"), "\n".join(TEXTS))
        page.route("**/account/tokens", lambda route: route.fulfill(json=made))
        opened.open("account/tokens/new")
        page.get_by_label("What it is for").fill("x")
        page.get_by_role("button", name="Make the token").click()
        page.locator("#once").wait_for()
        assert page.locator("#once [data-text]").text_content() == "\n".join(TEXTS)
        assert is_text(opened)
        page.unroute_all()


def test_what_an_app_wrote_before_it_failed_is_text(browser: Any, installation: Installation, ada: Paas) -> None:
    app = installation.new_app(ada, instances=0).environment["PAAS_APP"]
    # A page shows the end of what was written, which is some twenty lines.
    lines = [text for text in TEXTS if len(text.splitlines()) == 1]
    for number, texts in enumerate((lines[:19], lines[19:])):
        program = (sys.executable, "-c", _PRINTS, json.dumps(texts))
        # With something to answer, so that it has failed however long it takes to end.
        ada("apps:create", f"{app}-{number}", "--instances", "1", *health(1), "--", *program)
        with wary(browser, ada, page=f"apps/{app}-{number}/releases/1") as opened:
            shown = str(opened.page.locator("pre.log").text_content())
            assert [text for text in texts if text not in shown] == []
            assert is_text(opened)
            # What it runs has them too: they are in its command.
            opened.open(f"apps/{app}-{number}/runs")
            assert str(opened.page.text_content("main")).count("__hit") >= len(texts) / 2
            assert is_text(opened)
