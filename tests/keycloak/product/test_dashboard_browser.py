"""People sign in to the dashboard at a real Keycloak in a real Chromium: what only a browser shows.

That is Keycloak's own form, a policy that must let its address be gone to, and what the way back shows. Leaves out
answers that are forged or used twice (test_dashboard). Chromium is that of tests/browser; without it and Playwright
these are skipped with the reason, and with PAAS_REQUIRE_KEYCLOAK=1 they fail.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from dashboard.web.visit import COOKIE
from local.failures import LocalFailure
from tests.browser import chromium
from tests.e2e.installation import Installation, as_superuser
from tests.fixtures.waiting import PATIENCE, soon
from tests.keycloak.conftest import Newcomer, Welcome
from tests.keycloak.product.browser import PAGES
from tests.keycloak.server.keycloak import Keycloak

_AS_IN_THE_TEMPLATE: Final = timedelta(seconds=300)
_MILLISECONDS: Final = 1000


@pytest.fixture(scope="module")
def running(installation: Installation) -> Iterator[Any]:
    """Chromium, after what needs an event loop of its own."""
    assert installation
    try:
        import playwright  # noqa: F401  # whether it is there

        chromium.ensure()
    except (ImportError, LocalFailure) as failure:
        if os.environ.get("PAAS_REQUIRE_KEYCLOAK") == "1":
            pytest.fail(str(failure))
        pytest.skip(f"{failure}: make test-keycloak installs it")
    with chromium.running() as browser:
        yield browser


@pytest.fixture
def short_lived(keycloak: Keycloak) -> Iterator[None]:
    """Access tokens that are due to be renewed with each page."""
    keycloak.admin.set_access_token_lifetime(timedelta(seconds=15))
    yield
    keycloak.admin.set_access_token_lifetime(_AS_IN_THE_TEMPLATE)


class Person:
    """Somebody with a window that has been nowhere yet. `asked` are the addresses it has asked for since."""

    def __init__(self, browser: Any, installation: Installation, person: Newcomer) -> None:
        # Keycloak's certificate is of this machine's own authority.
        self.context = browser.new_context(ignore_https_errors=True)
        self.context.set_default_timeout(PATIENCE * _MILLISECONDS)
        self.page = self.context.new_page()
        self.origin, self.person = installation.stack.gateway_url, person
        self.asked, self.noticed = list[str](), list[str]()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.noticed.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        if "Content Security Policy" in message.text and message.location["url"].startswith(self.origin):
            self.noticed.append(message.text)

    @property
    def cookie(self) -> str | None:
        """What the browser is known by at the dashboard."""
        return next((each["value"] for each in self.context.cookies() if each["name"] == COOKIE), None)

    @property
    def is_in(self) -> bool:
        """Whether the page is one of somebody who is signed in."""
        return int(self.page.locator(".account").count()) == 1

    def go(self, path: str = "") -> None:
        """Open a page of the dashboard, and press what begins a sign-in where a page asks for that first."""
        self.page.goto(f"{self.origin}{PAGES}{path}")
        if not self.is_in and self.page.url.startswith(self.origin):
            begins = self.page.get_by_role("button", name="Sign in").or_(self.page.get_by_role("link", name="Sign in"))
            begins.first.click()
            self.page.wait_for_url(lambda url: not url.startswith(f"{self.origin}{PAGES}sign-in"))

    def answer(self, password: str) -> None:
        """Fill in Keycloak's form."""
        assert not self.page.url.startswith(self.origin)
        self.page.locator("#username").fill(self.person.name)
        self.page.locator("#password").fill(password)
        with self.page.expect_navigation():
            self.page.locator("#kc-login").click()

    def sign_in(self, path: str = "") -> None:
        """From a page on, and back to it."""
        self.go(path)
        self.answer(self.person.password)
        self.page.wait_for_url(f"{self.origin}{PAGES}{path}")

    def press_sign_out(self) -> None:
        """In the menu."""
        self.page.locator(".account summary").click()
        self.page.get_by_role("button", name="Sign out", exact=True).click()
        self.page.wait_for_url("**/signed-out")


@pytest.fixture
def somebody(running: Any, installation: Installation, welcome: Welcome) -> Iterator[Person]:
    """An admin at a window."""
    person = Person(running, installation, welcome("admin"))
    yield person
    person.context.close()
    assert person.noticed == []


def test_signing_in_leads_to_the_page_that_was_asked_for_and_out_to_nothing(somebody: Person) -> None:
    page = somebody.page
    somebody.sign_in("account/audit")
    assert page.get_by_role("heading", level=1).inner_text() == "Audit log"
    assert somebody.person.name in page.locator(".account").inner_text()
    assert somebody.person.password not in page.content() + "".join(somebody.asked)
    page.get_by_role("link", name="Apps", exact=True).click()
    page.get_by_role("heading", name="Apps").wait_for()
    somebody.press_sign_out()
    assert somebody.cookie is None
    for _ in range(2):
        page.go_back()
        page.wait_for_load_state()
        assert not somebody.is_in
        assert somebody.person.name not in page.content()
    # Whoever comes to this browser next is asked for a password.
    somebody.go()
    assert page.locator("#password").is_visible()


def test_a_wrong_password_signs_nobody_in_and_the_right_one_does(somebody: Person) -> None:
    somebody.go("account/tokens")
    somebody.answer("wrong")
    assert somebody.page.locator("#password").is_visible(), "Keycloak asks again"
    assert somebody.cookie is None
    somebody.answer(somebody.person.password)
    somebody.page.wait_for_url(f"{somebody.origin}{PAGES}account/tokens")
    assert somebody.is_in
    assert somebody.cookie is not None


@pytest.mark.usefixtures("short_lived")
def test_who_is_disabled_meanwhile_is_out_with_the_next_renewal(keycloak: Keycloak, somebody: Person) -> None:
    somebody.sign_in()
    page = somebody.page
    page.reload()
    assert somebody.is_in
    keycloak.admin.set_enabled(somebody.person.name, enabled=False)

    def is_out() -> bool:
        page.goto(f"{somebody.origin}{PAGES}")
        return not somebody.is_in

    soon(is_out)
    assert somebody.cookie is None
    assert somebody.person.name not in page.content()


def test_a_session_that_nobody_used_for_too_long_is_over(installation: Installation, somebody: Person) -> None:
    somebody.sign_in()
    before = somebody.cookie
    somebody.page.reload()
    assert (somebody.is_in, somebody.cookie) == (True, before)
    as_superuser(installation.stack, "dashboard", "UPDATE sessions SET seen_at = seen_at - interval '30 days'")
    somebody.asked.clear()
    somebody.page.goto(f"{somebody.origin}{PAGES}")
    # They sign in again, with a form or with what Keycloak remembers; the session that was is of no use.
    assert any(url.startswith(f"{somebody.origin}{PAGES}sign-in") for url in somebody.asked) or not somebody.is_in
    assert somebody.cookie != before
