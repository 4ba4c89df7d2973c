"""What a browser shows and keeps once a session is over, and of a link that began one.

Leaves out when a session ends (tests/integration/dashboard). The clock of the page is the test's.
"""

from typing import Any

from tests.browser.chromium import anew
from tests.browser.visits import PAGES, window
from tests.e2e.installation import Paas

HALF_AN_HOUR = 30 * 60
WORD = "LOG_LEVEL_OF_SOMEBODY"


def test_a_page_is_empty_when_its_session_is_over(browser: Any, idle: Paas) -> None:
    idle.ok("config:set", f"{WORD}=1")
    with window(browser, idle) as opened:
        opened.page.clock.install()
        opened.open(f"apps/{idle.environment['PAAS_APP']}")
        assert WORD in opened.words()
        opened.page.clock.fast_forward(1000 * (HALF_AN_HOUR - 110))
        opened.page.get_by_role("button", name="Stay signed in").click()
        opened.page.get_by_role("button", name="Stay signed in").wait_for(state="hidden")
        opened.page.clock.fast_forward(1000 * 600)
        assert WORD in opened.words()
        opened.page.clock.fast_forward(1000 * HALF_AN_HOUR)
        opened.page.get_by_role("heading", name="You are signed out").wait_for()
        assert WORD not in opened.page.content()
        assert "Sign out" not in opened.words()


def test_a_visit_in_one_tab_keeps_the_other(browser: Any, idle: Paas) -> None:
    idle.ok("config:set", f"{WORD}=1")
    with window(browser, idle) as opened:
        opened.page.clock.install()
        opened.open(f"apps/{idle.environment['PAAS_APP']}")
        opened.page.clock.fast_forward(1000 * (HALF_AN_HOUR - 60))
        bar = opened.page.get_by_role("button", name="Stay signed in")
        bar.wait_for()
        other = opened.page.context.new_page()
        other.goto(f"{opened.origin}{PAGES}")
        bar.wait_for(state="hidden")
        assert WORD in opened.words()


def test_signing_out_in_one_tab_empties_the_other(browser: Any, idle: Paas) -> None:
    idle.ok("config:set", f"{WORD}=1")
    with window(browser, idle) as opened:
        opened.open(f"apps/{idle.environment['PAAS_APP']}")
        assert WORD in opened.words()
        other = opened.page.context.new_page()
        other.goto(f"{opened.origin}{PAGES}")
        other.locator("details.account summary").click()
        other.get_by_role("button", name="Sign out", exact=True).click()
        opened.page.get_by_role("heading", name="You are signed out").wait_for()
        assert WORD not in opened.page.content()
        opened.page.get_by_role("link", name="Sign in again").click()
        opened.page.wait_for_url(f"{opened.origin}{PAGES}sign-in**")


def test_a_link_s_code_stays_in_no_address(browser: Any, idle: Paas) -> None:
    link = str(idle.ok("open", "apps", "--json").document["url"])
    page, _, after = link.partition("#")
    code = after.partition("=")[2].partition("&")[0]
    with anew(browser) as context:
        opened, asked = context.new_page(), list[str]()
        opened.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        # Where the page is that asks for one, a link that is pasted is taken as well.
        opened.goto(page)
        opened.goto(link)
        opened.get_by_role("button", name="Continue").click()
        opened.wait_for_url(page.removesuffix("sign-in/link"))
        assert len(asked) > 3
        assert not any(code in each for each in asked)
        history = context.new_cdp_session(opened).send("Page.getNavigationHistory")["entries"]
        assert len(history) >= 3
        assert not any(code in str(entry) for entry in history)


def test_without_scripts_a_link_is_pasted(browser: Any, idle: Paas) -> None:
    link = str(idle.ok("open", "--json").document["url"])
    with anew(browser, java_script_enabled=False) as context:
        opened = context.new_page()
        opened.goto(link)
        opened.get_by_label("Paste all of it").fill(link)
        opened.get_by_role("button", name="Go on").click()
        opened.get_by_role("button", name="Continue").click()
        opened.locator("form[action$='sign-out'] button").wait_for(state="attached")
