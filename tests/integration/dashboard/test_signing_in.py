"""Whom the pages of signing in let in, and out, and which forms are the person's own: over PostgreSQL.

Leaves out the identity provider, which is one of the test's own (a real one: tests/keycloak), and what keeps other
sites' requests out before (tests/unit/dashboard/test_origin.py).
"""

import base64
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import httpx2
import pytest

from dashboard.sessions.sealing import Secret
from dashboard.sessions.store import Store
from dashboard.settings import PREFIX
from dashboard.sign_in.links import Link, Links
from dashboard.web.strangers import AT_ONCE
from dashboard.web.visit import COOKIE, FORM_TOKEN
from tests.fakes.clock import FakeClock
from tests.fixtures.postgres import Databases
from tests.integration.dashboard.conftest import ADA, ORIGIN, PRESSED, Pages, answer_for, come_in


async def test_a_page_that_outlasts_its_token_signs_nobody_out_and_a_token_that_is_not_good_does(
    pages: Pages,
) -> None:
    pages.provider.bearer_ends_at = pages.clock() + timedelta(minutes=5)
    browser, _ = await come_in(pages)
    late = await browser.get("slow", params={"seconds": 300})
    assert (late.status_code, COOKIE in browser.cookies) == (503, True)
    assert "It took too long" in late.text
    pages.clock.advance(seconds=-300)
    assert (await browser.get("")).text == ADA.subject
    assert (await browser.get("slow", params={"seconds": 299})).status_code == 303
    assert COOKIE not in browser.cookies
    pages.clock.advance(seconds=-299)
    assert (await browser.get("")).status_code == 303


async def test_the_answer_to_their_own_sign_in_signs_somebody_in(pages: Pages) -> None:
    browser, _ = await come_in(pages)
    assert (await browser.get("")).text == ADA.subject


@pytest.mark.parametrize("state", ["", "x", "another's"])
async def test_an_answer_with_another_state_signs_nobody_in(pages: Pages, state: str) -> None:
    """Somebody has a victim's browser open it with a code of their own, made for what the victim's browser has."""
    browser = pages.browser()
    mine = await answer_for(pages, browser)
    given = pages.provider.begun[-1].state
    if state == "another's":
        await answer_for(pages, pages.browser())
        state = pages.provider.begun[-1].state
    refused = await browser.get(mine.replace(given, state))
    assert (refused.status_code, COOKIE in browser.cookies) == (403, False)
    assert "did not begin in this browser" in refused.text


async def test_an_answer_of_another_provider_s_signs_nobody_in(pages: Pages) -> None:
    browser = pages.browser()
    refused = await browser.get(f"{await answer_for(pages, browser)}&iss=https%3A%2F%2Fevil.example")
    assert (refused.status_code, COOKIE in browser.cookies) == (403, False)


async def test_the_cookie_is_for_this_host_over_https_and_no_script(pages: Pages) -> None:
    browser = pages.browser()
    answer = await browser.get(await answer_for(pages, browser))
    (line,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{COOKIE}=")]
    attributes = {each.strip().lower() for each in line.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax", "secure"}


async def test_a_form_without_the_token_of_its_session_does_nothing(pages: Pages) -> None:
    browser, secret = await come_in(pages)
    _, another = await come_in(pages)
    for token in ("", "x", another.form_token(), secret.text(), "é"):
        refused = await browser.post("change", data={FORM_TOKEN: token})
        assert refused.status_code == 403
    assert pages.changes == []
    assert (await browser.post("change", data={FORM_TOKEN: secret.form_token()})).text == "done"
    assert pages.changes == [ADA.subject]


@pytest.mark.parametrize("page", ["sign-out", "sign-out-everywhere"])
async def test_who_signs_out_is_out_also_with_the_cookie_that_they_had(pages: Pages, page: str) -> None:
    browser, secret = await come_in(pages)
    done = await browser.post(page, data={FORM_TOKEN: secret.form_token()})
    assert done.headers["location"] == f"{PREFIX}signed-out"
    assert done.headers["clear-site-data"] == '"cache", "storage"'
    assert COOKIE not in browser.cookies
    assert [each.refresh_token for each in pages.provider.signed_out] == ["refresh"]
    with_the_cookie = await pages.browser().get("", headers={"cookie": f"{COOKIE}={secret.text()}"})
    assert with_the_cookie.headers["location"] == f"{PREFIX}sign-in"
    # The page that is shown has pages of other tabs go.
    assert "data-over" in (await browser.get("signed-out")).text


async def test_what_goes_on_ends_with_the_sign_in(pages: Pages) -> None:
    browser, _ = await come_in(pages)
    assert (await browser.get("told")).text == "before"


async def test_signing_out_everywhere_is_the_end_of_links_too(databases: Databases) -> None:
    """One that was printed, or sent to somebody, and that nobody has taken yet."""
    async with databases.open("dashboard") as database:
        store = Store(database)
        links = Links(store, FakeClock())
        whose = [("acme", "user:ada"), ("acme", "user:bob"), ("globex", "user:ada")]
        codes = [(await links.make(Link(bearer="x", subject=subject, tenant=tenant)))[0] for tenant, subject in whose]
        await store.end_all(tenant="acme", subject="user:ada", now=FakeClock()())
        assert [await links.look(code) is not None for code in codes] == [False, True, True]


async def test_nobody_is_signed_in_without_pressing_something(pages: Pages) -> None:
    """A visit, or another site's link to where a sign-in begins, leads to a button and not to the provider."""
    browser = pages.browser()
    sent = await browser.get("account/sessions?app=web&by-itself=1")
    assert sent.headers["location"] == f"{PREFIX}sign-in?to=account%2Fsessions%3Fapp%3Dweb"
    shown = await browser.get(ORIGIN + sent.headers["location"])
    assert (shown.status_code, shown.headers.get("set-cookie")) == (200, None)
    begin = "sign-in/begin?to=account%2Fsessions%3Fapp%3Dweb"
    assert f'href="{PREFIX}{begin}"' in shown.text
    for elsewhere in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"}, {}):
        assert (await browser.get(begin, headers=elsewhere)).headers["location"].startswith(f"{PREFIX}sign-in?to=")
    assert pages.provider.begun == []
    assert (await browser.get(begin, headers=PRESSED)).headers["location"].startswith(pages.provider.issuer)
    attempt = pages.provider.begun[-1]
    back = await browser.get(f"callback?state={attempt.state}&code={quote(f'code for {attempt.nonce}')}")
    assert back.headers["location"] == f"{PREFIX}account/sessions?app=web"


@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example", "a/../../x", "a?b=//evil", "a#b", "a?b\n"])
async def test_the_way_back_is_a_page_of_ours(pages: Pages, page: str) -> None:
    browser = pages.browser()
    await browser.get(f"sign-in/begin?to={quote(page, safe='')}", headers=PRESSED)
    attempt = pages.provider.begun[-1]
    back = await browser.get(f"callback?state={attempt.state}&code={quote(f'code for {attempt.nonce}')}")
    assert back.headers["location"] == PREFIX


async def _end(browser: httpx2.AsyncClient, secret: Secret, session: str) -> httpx2.Response:
    return await browser.post("account/sessions/end", data={FORM_TOKEN: secret.form_token(), "session": session})


async def test_people_see_their_browsers_and_end_one(pages: Pages) -> None:
    pages.provider.authenticated_at = pages.clock()
    firefox = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    lost, _ = await come_in(pages, headers=firefox)
    here, secret = await come_in(pages)
    other, _ = await come_in(pages)
    shown = (await here.get("account/sessions")).text
    assert (shown.count("single sign-on"), shown.count("this one"), shown.count("Firefox on Linux<")) == (3, 1, 1)
    assert secret.text() not in shown
    name = shown.partition("Firefox on Linux<")[2].partition('name="session" value="')[2].partition('"')[0]
    assert (await _end(here, secret, name)).headers["location"] == f"{PREFIX}account/sessions"
    assert [(await each.get("")).status_code for each in (lost, here, other)] == [303, 200, 200]
    await _end(here, secret, "all")
    assert [(await each.get("")).status_code for each in (lost, here, other)] == [303, 200, 303]
    assert pages.gateway.ended == ["", ""], "each is on record as their own doing"


@pytest.mark.parametrize("page", ["account/sessions/end", "sign-out-everywhere"])
async def test_ones_own_sessions_end_also_where_that_can_not_be_recorded(pages: Pages, page: str) -> None:
    pages.provider.authenticated_at = pages.clock()
    other, _ = await come_in(pages)
    here, secret = await come_in(pages)
    pages.gateway.is_away = True
    assert (await here.post(page, data={FORM_TOKEN: secret.form_token(), "session": "all"})).status_code == 303
    assert (await other.get("")).status_code == 303


async def _two_people(pages: Pages) -> tuple[httpx2.AsyncClient, httpx2.AsyncClient, Secret]:
    """A browser of bob's, and one of ada's with its secret; a third is somebody's of another tenant."""
    pages.provider.authenticated_at = pages.clock()
    pages.provider.person_now = replace(ADA, tenant="globex", subject="user:eve@globex.example")
    await come_in(pages)
    pages.provider.person_now = replace(ADA, subject="user:bob")
    theirs, _ = await come_in(pages)
    pages.provider.person_now = ADA
    here, secret = await come_in(pages)
    return theirs, here, secret


def _end_bob(browser: httpx2.AsyncClient, secret: Secret, user: str = "bob") -> Awaitable[httpx2.Response]:
    return browser.post("account/people/end", data={FORM_TOKEN: secret.form_token(), "user": user})


async def test_an_administrator_sees_the_tenants_browsers_and_ends_one_persons(pages: Pages) -> None:
    theirs, here, secret = await _two_people(pages)
    pages.gateway.permissions = frozenset({"tokens.manage", "audit.read"})
    shown = (await here.get("account/people")).text
    assert (shown.count('data-text="bob"'), shown.count('data-text="ada"'), "eve@globex" in shown) == (1, 1, False)
    ended = await _end_bob(here, secret)
    assert (ended.headers["location"], pages.gateway.ended) == (f"{PREFIX}account/people", ["bob"])
    assert [(await each.get("")).status_code for each in (theirs, here)] == [303, 200]
    # And they are asked for a password, though the provider's session goes on.
    pages.provider.person_now = replace(ADA, subject="user:bob")
    back = await theirs.get(await answer_for(pages, theirs))
    assert back.headers["location"].startswith(pages.provider.issuer)


async def test_nobody_else_sees_or_ends_the_sessions_of_others(pages: Pages) -> None:
    """Whatever they might when they signed in: who may is asked each time."""
    theirs, here, secret = await _two_people(pages)
    assert [(await here.get("account/people")).status_code, (await _end_bob(here, secret)).status_code] == [403, 403]
    pages.gateway.is_away = True
    assert (await _end_bob(here, secret)).status_code == 503
    pages.gateway.is_away = False
    pages.gateway.permissions = frozenset({"tokens.manage", "audit.read"})
    assert [(await _end_bob(here, secret, own)).status_code for own in ("", "ada")] == [422, 422]
    pages.clock.advance(minutes=10)
    assert (await _end_bob(here, secret)).status_code == 409
    assert ((await theirs.get("")).status_code, pages.gateway.ended) == (200, [])


async def test_nobody_ends_the_browsers_of_others_or_what_is_none(pages: Pages) -> None:
    pages.provider.authenticated_at = pages.clock()
    here, secret = await come_in(pages)
    pages.provider.person_now = replace(ADA, tenant="globex")
    theirs, their_secret = await come_in(pages)
    shown = (await here.get("account/sessions")).text
    assert shown.count("single sign-on") == 1
    named = base64.urlsafe_b64encode(their_secret.row()).decode()
    assert (await _end(here, secret, named)).status_code == 303
    assert (await theirs.get("")).status_code == 200
    for wrong in ("", "x", "é", base64.urlsafe_b64encode(secret.row()).decode()):
        assert (await _end(here, secret, wrong)).status_code in (303, 422)
    assert (await here.get("")).status_code == 200


async def test_who_ends_others_has_lately_given_a_password(pages: Pages) -> None:
    """Somebody at a browser that was left open shuts nobody out."""
    pages.provider.authenticated_at = pages.clock()
    other, _ = await come_in(pages)
    here, secret = await come_in(pages)
    pages.clock.advance(minutes=10)
    assert "sign in again" in (await here.get("account/sessions")).text
    assert (await _end(here, secret, "all")).status_code == 409
    assert (await other.get("")).status_code == 200


@pytest.mark.parametrize("way", ["sign-out-everywhere", "account/sessions/end"])
async def test_a_browser_that_was_ended_elsewhere_is_asked_for_a_password(pages: Pages, way: str) -> None:
    """Though the provider's own sign-in there goes on."""
    pages.provider.authenticated_at = pages.clock()
    lost, _ = await come_in(pages)
    here, secret = await come_in(pages)
    await here.post(way, data={FORM_TOKEN: secret.form_token(), "session": "all"})
    sent = await lost.get(await answer_for(pages, lost))
    assert sent.headers["location"].startswith(pages.provider.issuer)
    assert (pages.provider.asked_again[-1], COOKIE in lost.cookies) == (True, True)
    attempt = pages.provider.begun[-1]
    pages.clock.advance(seconds=1)
    pages.provider.authenticated_at = pages.clock()
    back = await lost.get(f"callback?state={attempt.state}&code={quote(f'code for {attempt.nonce}')}")
    assert back.headers["location"] == PREFIX
    assert (await lost.get("")).text == ADA.subject


async def test_strangers_are_held_back_and_nobody_who_is_signed_in(pages: Pages) -> None:
    signed, _ = await come_in(pages)
    assert (await signed.get("")).status_code == 200
    stranger, here = pages.browser(), {"x-paas-client-address": "192.0.2.1"}
    for page in ("", "sign-in", "callback", "sign-in/link"):
        for _ in range(AT_ONCE // 4):
            assert (await stranger.get(page, headers=here)).status_code != 429
    forged = {**here, "cookie": f"{COOKIE}={Secret.new().text()}"}
    for refused in (
        await stranger.get("", headers=forged),
        await stranger.get("sign-in/begin", headers={**here, **PRESSED}),
        await stranger.post("sign-in/link", headers=here),
        await stranger.post("sign-in/link/look", headers=here),
        await stranger.post("sign-in/links", headers=here),
    ):
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert "Too much was asked" in refused.text
    assert (await signed.get("", headers=here)).text == ADA.subject
    assert (await stranger.get("sign-in", headers={"x-paas-client-address": "192.0.2.2"})).status_code == 200


async def test_a_page_says_when_its_session_is_over(pages: Pages) -> None:
    browser, _ = await come_in(pages)
    pages.clock.advance(minutes=11)
    await browser.get("")
    pages.clock.advance(seconds=30)
    shown = (await browser.get("account/sessions")).text
    assert 'data-seconds-left="1770"' in shown
    assert 'content="1771;url=' in shown
    assert f'data-end-seconds="{12 * 3600 - 11 * 60 - 30}"' in shown


@pytest.mark.parametrize(
    ("asked", "headers", "is_visit"),
    [
        ("", {}, True),
        ("", {"sec-fetch-mode": "navigate"}, True),
        ("", {"sec-fetch-mode": "cors"}, False),
        ("", {"accept": "text/event-stream"}, False),
        ("?by-itself=1", {"sec-fetch-mode": "navigate"}, False),
    ],
)
async def test_what_a_page_that_is_left_open_asks_for_is_no_visit(
    pages: Pages, asked: str, headers: dict[str, str], *, is_visit: bool
) -> None:
    browser, _ = await come_in(pages)
    pages.clock.advance(minutes=20)
    assert (await browser.get(asked, headers=headers)).status_code == 200
    pages.clock.advance(minutes=20)
    assert ((await browser.get("")).status_code == 200) is is_visit
