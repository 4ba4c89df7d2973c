"""People sign in to the dashboard at a real Keycloak, with a browser, and are out when they should be.

Leaves out how long a session lasts, and that a token is renewed once over all replicas, which need a clock
(tests/integration/dashboard), and what the pages show.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest

from dashboard.sessions.sealing import Secret
from dashboard.web.visit import COOKIE
from tests.e2e.installation import Installation
from tests.fixtures.visitor import Shown
from tests.fixtures.waiting import soon
from tests.keycloak.conftest import Newcomer, Welcome
from tests.keycloak.product.browser import PAGES, Browser, asked_of, is_sent_to_keycloak, is_sent_to_sign_in
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.sign_in.visitor import Visitor as AtKeycloak

NewBrowser = Callable[[], Browser]
_UNDER_WAY = "__Host-paas-sign-in"
_AS_IN_THE_TEMPLATE = timedelta(seconds=300)


@pytest.fixture
def browser(keycloak: Keycloak, installation: Installation) -> NewBrowser:
    return lambda: Browser(installation.stack.gateway_url, AtKeycloak(keycloak.url, keycloak.ca_file))


@pytest.fixture
def short_lived(keycloak: Keycloak) -> Iterator[None]:
    """Access tokens that are due to be renewed with each page."""
    keycloak.admin.set_access_token_lifetime(timedelta(seconds=29))
    # Which Keycloak keeps for nobody, unless it is told to.
    keycloak.admin.change_realm(enabledEventTypes=["REFRESH_TOKEN", "REFRESH_TOKEN_ERROR"])
    yield
    keycloak.admin.change_realm(enabledEventTypes=[])
    keycloak.admin.set_access_token_lifetime(_AS_IN_THE_TEMPLATE)


def _sessions(keycloak: Keycloak, person: Newcomer) -> list[object]:
    return list(_asked(keycloak, f"users/{person.user_id}/sessions"))


def _events(keycloak: Keycloak, person: Newcomer, kind: str) -> int:
    return len(_asked(keycloak, f"events?type={kind}&user={person.user_id}&max=100"))


def _asked(keycloak: Keycloak, path: str) -> list[object]:
    found = keycloak.web.get(f"{keycloak.directory_url}/{path}", bearer=keycloak.admin.token()).document
    assert isinstance(found, list)
    return found


def _refused(shown: Shown) -> str:
    """What a page says on which nobody was signed in."""
    assert shown.status in (401, 403), shown.status
    assert "Sign out" not in shown.text
    return shown.text


def test_a_person_signs_in_with_the_code_flow_and_comes_where_they_were_going(
    browser: NewBrowser, welcome: Welcome
) -> None:
    person, one = welcome("viewer"), browser()
    asked = asked_of(one.begin(f"{PAGES}account/audit"))
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{one.pages.origin}{PAGES}callback"
    # What somebody gave longer ago than a browser may be idle is asked for again.
    assert (asked["max_age"], "prompt" in asked) == ("1800", False)
    # None of what its answer is held against is what another sign-in has.
    again = asked_of(browser().begin())
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))
    shown = one.sign_in(person.name, person.password, path=f"{PAGES}account/audit")
    assert (shown.status, urlsplit(shown.url).path) == (403, f"{PAGES}account/audit")  # a viewer's answer
    assert person.name in one.pages.open(PAGES).text


def test_cookies_are_for_this_host_and_no_script(browser: NewBrowser, welcome: Welcome) -> None:
    person, one = welcome("viewer"), browser()
    one.sign_in(person.name, person.password)
    given = [line for line in one.pages.set_cookies if "Max-Age=0" not in line]
    assert {line.partition("=")[0] for line in given} == {COOKIE, _UNDER_WAY}
    for line in given:
        attributes = {each.strip().lower() for each in line.split(";")[1:]}
        assert {"httponly", "secure", "samesite=lax", "path=/"} <= attributes
        assert not any(each.startswith("domain") for each in attributes)
    assert _UNDER_WAY not in one.pages.cookies
    assert one.cookie is not None
    assert person.password not in one.cookie


def test_a_cookie_that_was_there_before_is_worth_nothing(browser: NewBrowser, welcome: Welcome) -> None:
    person, one, thief = welcome("viewer"), browser(), browser()
    planted = Secret.new().text()
    one.pages.cookies[COOKIE] = thief.pages.cookies[COOKIE] = planted
    one.sign_in(person.name, person.password)
    assert one.cookie not in (None, planted)
    assert is_sent_to_sign_in(thief.pages.open(PAGES))
    # Signing in once more ends what was there.
    before = str(one.cookie)
    came_back = one.keycloak.open(one.begin(f"{PAGES}sign-in"))
    assert isinstance(came_back, str)
    assert person.name in one.pages.open(came_back).text
    assert one.cookie != before
    thief.pages.cookies[COOKIE] = before
    assert is_sent_to_sign_in(thief.pages.open(PAGES))


def test_the_answer_to_another_browser_is_worth_nothing(browser: NewBrowser, welcome: Welcome) -> None:
    """Somebody has a victim open the answer to a sign-in of their own, or steals the victim's."""
    person, one, other = welcome("viewer"), browser(), browser()
    came_back = one.answer(one.begin(), person.name, person.password)
    assert "did not begin in this browser" in _refused(browser().pages.open(came_back))
    other.begin()
    assert "did not begin in this browser" in _refused(other.pages.open(came_back))
    assert other.cookie is None
    # With a state that fits it, the code is still none of its.
    state = asked_of(other.begin())["state"]
    forged = came_back.replace(f"state={quote(asked_of(came_back)['state'])}", f"state={quote(state)}")
    assert forged != came_back
    assert "did not accept" in _refused(other.pages.open(forged))
    assert other.cookie is None


def test_an_answer_is_good_once(browser: NewBrowser, welcome: Welcome) -> None:
    person, one = welcome("viewer"), browser()
    came_back = one.answer(one.begin(), person.name, person.password)
    under_way = one.pages.cookies[_UNDER_WAY]
    assert one.pages.open(came_back).status == 200
    again = browser()
    assert "did not begin in this browser" in _refused(one.pages.open(came_back))
    again.pages.cookies[_UNDER_WAY] = under_way
    assert "did not accept" in _refused(again.pages.open(came_back))
    assert again.cookie is None


def test_an_id_token_with_another_s_nonce_is_refused(browser: NewBrowser, welcome: Welcome) -> None:
    person, one = welcome("viewer"), browser()
    asked = one.begin()
    changed = asked.replace(f"nonce={asked_of(asked)['nonce']}", f"nonce={secrets.token_urlsafe(32)}")
    assert changed != asked
    came_back = one.answer(changed, person.name, person.password)
    assert "did not accept" in _refused(one.pages.open(came_back))
    assert one.cookie is None


def test_who_has_no_tenant_is_told_so_and_may_come_as_somebody_else(
    keycloak: Keycloak, browser: NewBrowser, welcome: Welcome
) -> None:
    nobody, person, one = welcome("viewer", tenant=None), welcome("viewer"), browser()
    assert "belongs to no tenant" in _refused(one.sign_in(nobody.name, nobody.password))
    assert (one.cookie, _sessions(keycloak, nobody)) == (None, [])
    assert person.name in one.sign_in(person.name, person.password).text


@pytest.mark.parametrize("wrong", ["iss=https%3A%2F%2Fevil.example%2Frealms%2Fpaas", "code="])
def test_an_answer_that_is_no_answer_is_refused(browser: NewBrowser, welcome: Welcome, wrong: str) -> None:
    person, one = welcome("viewer"), browser()
    came_back = one.answer(one.begin(), person.name, person.password)
    name = wrong.partition("=")[0]
    path, _, query = came_back.partition("?")
    forged = "&".join([*(each for each in query.split("&") if not each.startswith(f"{name}=")), wrong])
    _refused(one.pages.open(f"{path}?{forged}"))
    assert one.cookie is None


@pytest.mark.usefixtures("short_lived")
def test_pages_that_come_at_once_use_no_refresh_token_twice(
    keycloak: Keycloak, browser: NewBrowser, welcome: Welcome
) -> None:
    person, one = welcome("viewer"), browser()
    one.sign_in(person.name, person.password)
    for _ in range(3):
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda _: one.pages.send("GET", f"{one.pages.origin}{PAGES}"), range(6)))
        assert [each.status for each in found] == [200] * 6
    assert _events(keycloak, person, "REFRESH_TOKEN") >= 3
    assert _events(keycloak, person, "REFRESH_TOKEN_ERROR") == 0


@pytest.mark.usefixtures("short_lived")
def test_a_person_is_out_with_the_next_renewal_once_they_are_disabled(
    keycloak: Keycloak, browser: NewBrowser, welcome: Welcome
) -> None:
    person, one = welcome("admin"), browser()
    one.sign_in(person.name, person.password)
    assert one.pages.open(f"{PAGES}account/audit").status == 200
    keycloak.admin.set_roles(person.name, "viewer")
    soon(lambda: one.pages.open(f"{PAGES}account/audit").status == 403)
    keycloak.admin.set_enabled(person.name, enabled=False)
    soon(lambda: is_sent_to_sign_in(one.pages.open(PAGES)))
    assert one.cookie is None


def test_signing_out_ends_the_session_at_keycloak_too(
    keycloak: Keycloak, browser: NewBrowser, welcome: Welcome
) -> None:
    person, one = welcome("viewer"), browser()
    page = one.sign_in(person.name, person.password)
    cookie = str(one.cookie)
    assert len(_sessions(keycloak, person)) == 1
    done = one.pages.press(page, "sign-out")
    assert (done.status, urlsplit(done.url).path) == (200, f"{PAGES}signed-out")
    assert _sessions(keycloak, person) == []
    assert one.cookie is None
    one.pages.cookies[COOKIE] = cookie
    asked = one.begin()
    # And whoever comes to this browser next is asked for a password.
    assert not isinstance(one.keycloak.open(asked), str)


def test_signing_out_everywhere_ends_all_browsers(browser: NewBrowser, welcome: Welcome) -> None:
    person, other = welcome("viewer"), welcome("viewer")
    mine, theirs = [browser() for _ in range(3)], browser()
    for each in mine:
        page = each.sign_in(person.name, person.password)
    theirs.sign_in(other.name, other.password)
    mine[-1].pages.press(page, "sign-out-everywhere")
    assert all(is_sent_to_sign_in(each.pages.open(PAGES)) for each in mine)
    assert other.name in theirs.pages.open(PAGES).text


def test_a_browser_that_was_ended_elsewhere_is_asked_for_a_password(browser: NewBrowser, welcome: Welcome) -> None:
    """Its own session at Keycloak goes on, and signs nobody in."""
    person, lost, here = welcome("viewer"), browser(), browser()
    lost.sign_in(person.name, person.password)
    page = here.sign_in(person.name, person.password, path=f"{PAGES}account/sessions")
    assert page.text.count("single sign-on") == 2
    assert "1 browser is signed out" in here.pages.press(page, "account/sessions/end", session="all").text
    ended = int(time.time())
    soon(lambda: int(time.time()) > ended)  # Keycloak says in whole seconds when a password was given
    came_back = lost.keycloak.open(lost.begin())
    assert isinstance(came_back, str)
    sent = lost.pages.open(came_back)
    assert is_sent_to_keycloak(sent)
    again = sent.headers["location"]
    assert asked_of(again)["prompt"] == "login"
    asks = lost.keycloak.open(again)
    assert not isinstance(asks, str)
    back = lost.keycloak.press(asks, "login", password=person.password)
    assert isinstance(back, str)
    assert person.name in lost.pages.open(back).text
    assert here.pages.open(PAGES).status == 200


def test_keycloak_asks_who_signed_in_too_long_ago(browser: NewBrowser, welcome: Welcome) -> None:
    """As `max_age` has it: here, of none at all."""
    person, one = welcome("viewer"), browser()
    one.sign_in(person.name, person.password)
    asked = one.begin(f"{PAGES}sign-in")
    assert isinstance(one.keycloak.open(asked), str)
    at_once = asked.replace("max_age=1800", "max_age=0")
    assert at_once != asked
    soon(lambda: not isinstance(one.keycloak.open(at_once), str))
