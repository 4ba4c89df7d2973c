"""Every page as axe sees it (WCAG 2.2 A and AA), at a phone's width and a desk's, light and dark.

No window scrolls sideways. It finds what a program can find. Leaves out what takes a person: whether words make sense
when they are heard.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.visits import Window, sizes, window
from tests.e2e.installation import Paas

LONG = "A_VERY_LONG_NAME_THAT_SOMEBODY_THOUGHT_WOULD_EXPLAIN_EVERYTHING_THERE_IS_TO_KNOW_ABOUT_IT"

TRUSTED = "repo:octo@123456/app@456789:ref:refs/heads/main"


@pytest.fixture(scope="module")
def full(installation: Any, ada: Paas) -> Paas:
    """`paas` with an app that has some of everything, long names and values among them."""
    paas: Paas = installation.new_app(ada, instances=1)
    paas.ok("config:set", "LOG_LEVEL=info", f"{LONG}={'x' * 300}", "EMPTY=", "LINES=one\ntwo")
    paas.ok("secrets:set", "API_KEY=-", stdin=paas.canaries.secret().encode())
    paas.ok("config:set", "LOG_LEVEL=debug", "ADDED=1", "--stage")
    paas("secrets:get", "NONE")
    paas.ok("secrets:rotate", "API_KEY", "--overlap", "1h")
    other = installation.new_app(ada, instances=0).environment["PAAS_APP"]
    paas.ok("config:set", "LOG_LEVEL=warn", f"{LONG}={'y' * 300}", "-a", other)
    ada.ok("tokens:create", "--name", "a-token", "--ttl", "1h")
    ada.ok("tokens:rotate", "a-token")
    ada.ok("tokens:trust", "add", "--issuer", "https://token.actions.githubusercontent.com", "--subject", TRUSTED)
    return paas.with_(OTHER_APP=other)


def pages(paas: Paas) -> Iterator[str]:
    """The addresses of all pages below the prefix."""
    app = paas.environment["PAAS_APP"]
    yield from ("", f"apps/{app}", f"apps/{app}/pending", f"apps/{app}/releases", f"apps/{app}/releases/2")
    yield from (f"apps/{app}/releases/2/rollback", f"apps/{app}/releases/2/rollback?secrets=1", f"apps/{app}/staged")
    yield from (f"apps/{app}/runs", f"apps/{app}/secrets/API_KEY", f"apps/{app}/compare")
    yield f"apps/{app}/compare?with={paas.environment['OTHER_APP']}"
    tokens = paas.ok("tokens:list", "--json").document["tokens"]
    yield from ("account/tokens", "account/tokens/new", *(f"account/tokens/{each['id']}" for each in tokens[-2:]))
    [trust] = paas.ok("tokens:trust", "list", "--json").document["trusts"]
    yield from ("account/trusts", "account/trusts/new?ci=circleci", f"account/trusts/{trust['id']}", "account/keys")
    yield from ("account/audit", "account/audit?action=keys.rotate", "account/audit?since=never", "no/such/page")
    yield from ("account/audit/events/1", "account/audit/events/999999", "account/audit/checkpoint", "account/incident")
    yield from (f"account/incident?token={tokens[-1]['id']}", f"account/incident?since=1h&app={app}")
    yield "account/incident?token=no-such-token"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "desk"])
def test_no_page_has_a_violation(browser: Any, full: Paas, size: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe, found = Axe(), dict[str, str]()
    with window(browser, full, viewport=sizes()[size], color_scheme=scheme) as opened:
        opened.open(f"apps/{full.environment['PAAS_APP']}")
        opened.page.get_by_label("Paste a .env").fill("LOG_LEVEL=warn\nPORT=1\nSOME_TOKEN=x\nNEW=1")
        opened.page.get_by_role("button", name="Review changes").click()
        opened.page.wait_for_url("**/pending")
        for path in pages(full):
            opened.open(path)
            results = axe.run(opened.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
            if results.violations_count:
                found[path] = results.generate_report()
            assert not sideways(opened), f"{path} is wider than its window"
    assert not found, "\n".join(f"{path}: {report}" for path, report in found.items())


def sideways(opened: Window) -> bool:
    """Whether the page scrolls to the side."""
    width = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return bool(opened.page.evaluate(width))


def test_the_first_key_goes_past_what_is_on_every_page(browser: Any, full: Paas) -> None:
    with window(browser, full) as opened:
        opened.page.keyboard.press("Tab")
        skip = opened.page.get_by_role("link", name="Skip to the content")
        assert skip.evaluate("(link) => link === document.activeElement")
        opened.page.keyboard.press("Enter")
        assert opened.page.evaluate("document.activeElement.id") == "content"


def test_everything_can_be_read_without_scripts(browser: Any, full: Paas) -> None:
    with window(browser, full, java_script_enabled=False) as opened:
        opened.open(f"apps/{full.environment['PAAS_APP']}")
        words = opened.words()
        assert "LOG_LEVEL" in words
        assert "•" * 16 in words
        # What only a script can do is not offered.
        assert opened.page.get_by_role("button", name="Reveal").count() == 0
        for path in pages(full):
            opened.open(path)
            assert len(opened.words()) > 40
