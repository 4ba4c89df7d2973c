"""That the texts are hostile, and that what they do is noticed: without that, no other test here says anything."""

import time
from typing import Any

from tests.browser.chromium import anew
from tests.browser.hostile.payloads import PAYLOADS, TEXTS
from tests.browser.hostile.watching import is_text, wary
from tests.browser.visits import comes_true, window
from tests.e2e.installation import Paas
from tests.fixtures.waiting import PATIENCE

_LEAST = 25
_NOTICED = ("require-trusted-types-for", "trusted-types", "img-src", "style-src", "a dialog: hello")


def test_there_are_forty() -> None:
    assert len(set(TEXTS)) == len(PAYLOADS) == 40


def test_most_of_them_run_on_pages_that_do_not_escape_them(browser: Any) -> None:
    """Each in a frame of its own, whose links are followed and whose fields are gone to."""
    with anew(browser) as context:
        page = context.new_page()
        page.route("**/*", lambda route: route.abort())
        page.set_content("<!doctype html>")
        page.evaluate(
            """(pages) => pages.forEach((html) => {
                const frame = document.createElement("iframe");
                frame.addEventListener("load", () => {
                    for (const each of frame.contentDocument.querySelectorAll("a, input")) {
                        each.dispatchEvent(new FocusEvent("focus"));
                        each.click();
                    }
                }, { once: true });
                frame.srcdoc = `<!doctype html>${html}`;
                document.body.append(frame);
            })""",
            [each.unescaped for each in PAYLOADS],
        )
        hits = "[...document.querySelectorAll('iframe')].filter((each) => each.contentWindow.__hit === 1).length"
        comes_true(page, f"{hits} >= {_LEAST}")


def test_what_they_do_is_noticed(browser: Any, ada: Paas) -> None:
    """An element, a script, a style, a request and a dialog, put into a page of ours past all that it does itself."""
    with wary(browser, ada) as opened:
        assert is_text(opened)
        # The policy keeps out even what a script puts in: it is refused as HTML, and as code.
        for code in ("document.body.innerHTML = '<b>x</b>'", "trustedTypes.createPolicy('default', {})"):
            tried = f"() => {{ try {{ {code}; return 'done' }} catch (e) {{ return e.name }} }}"
            assert opened.page.evaluate(tried) == "TypeError"
        opened.page.evaluate(
            """() => {
                const main = document.querySelector("main");
                const script = document.createElement("script");
                script.append("window.__hit = 1");
                const image = document.createElement("img");
                image.src = "http://127.0.0.1:1/x.png";
                main.append(image);
                main.setAttribute("style", "color: red");
                alert("hello");
            }"""
        )
        end = time.monotonic() + PATIENCE
        while not all(kind in "\n".join(opened.noticed) for kind in _NOTICED) and time.monotonic() < end:
            opened.page.wait_for_timeout(50)  # in which what the browser has to tell comes here
        assert not is_text(opened)
        told = "\n".join(opened.noticed)
        opened.noticed.clear()
    for kind in (*_NOTICED, "[None, 1, "):
        assert kind in told, told


def test_a_page_that_is_hit_is_noticed(browser: Any, ada: Paas) -> None:
    with window(browser, ada) as opened:
        opened.page.evaluate("window.__hit = 1")
        assert not is_text(opened)
        opened.noticed.clear()
