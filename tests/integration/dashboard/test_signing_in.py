"""Whom the pages of signing in let in, and out, and which forms are the person's own: over PostgreSQL.

Leaves out the identity provider, which is one of the test's own (a real one: tests/keycloak), and what keeps other
sites' requests out before (tests/unit/dashboard/test_origin.py).
"""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from urllib.parse import quote

import grpc
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from dashboard.sessions.keeper import Sessions
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Person
from dashboard.sessions.store import Store
from dashboard.settings import PREFIX
from dashboard.sign_in.links import Link, Links
from dashboard.sign_in.pages import SignIns
from dashboard.web.render import Templates
from dashboard.web.visit import COOKIE, FORM_TOKEN, Site, Visit, signed_in
from tests.fakes.clock import FakeClock
from tests.fakes.people_provider import FakeProvider
from tests.fixtures.postgres import Databases

ORIGIN = "https://paas.example.com"
ADA = Person(tenant="acme", subject="user:ada", maker="", permissions=frozenset(), apps=None)


@dataclass
class Pages:
    """The pages of signing in, one that says who is there, and one that changes something."""

    app: Starlette
    provider: FakeProvider
    changes: list[str]

    def browser(self) -> httpx2.AsyncClient:
        """One that has been nowhere yet."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url=f"{ORIGIN}{PREFIX}")


@pytest.fixture
async def pages(databases: Databases) -> AsyncIterator[Pages]:
    clock, provider, changes = FakeClock(), FakeProvider(person_now=ADA), list[str]()

    async def who(visit: Visit) -> Response:
        return PlainTextResponse(visit.person.subject)

    async def change(visit: Visit) -> Response:
        changes.append(visit.person.subject)
        return PlainTextResponse("done")

    async def told(visit: Visit) -> Response:
        async def answers() -> AsyncGenerator[str, None]:
            yield "before"
            await visit.site.sessions.end_all(visit.person)
            yield "after"

        return PlainTextResponse(" ".join([each async for each in visit.while_signed_in(answers())]))

    async with databases.open("dashboard") as database:
        store = Store(database)
        sign_ins = SignIns(provider=provider, links=Links(store, clock), url=f"{ORIGIN}{PREFIX}")
        own = [
            Route("/", signed_in(who)),
            Route("/change", signed_in(change), methods=["POST"]),
            Route("/told", signed_in(told)),
        ]
        app = Starlette(routes=[Mount(PREFIX.rstrip("/"), routes=[*sign_ins.routes(), *own])])
        app.state.site = Site(
            sessions=Sessions(
                store, idle=timedelta(minutes=30), longest=timedelta(hours=12), renewal=None, clock=clock
            ),
            database=database,
            # Nothing here is asked of it.
            channel=cast("grpc.aio.Channel", object()),
            templates=Templates(PREFIX),
            prefix=PREFIX,
        )
        yield Pages(app, provider, changes)


async def _answer(pages: Pages, browser: httpx2.AsyncClient) -> str:
    """Begin a sign-in; where the provider sends this browser with what belongs to it."""
    await browser.get("sign-in")
    attempt = pages.provider.begun[-1]
    return f"callback?state={attempt.state}&code={quote(f'code for {attempt.nonce}')}"


async def _signed_in(pages: Pages) -> tuple[httpx2.AsyncClient, Secret]:
    browser = pages.browser()
    assert (await browser.get(await _answer(pages, browser))).status_code == 303
    secret = Secret.parse(browser.cookies[COOKIE])
    assert secret is not None
    return browser, secret


async def test_the_answer_to_their_own_sign_in_signs_somebody_in(pages: Pages) -> None:
    browser, _ = await _signed_in(pages)
    assert (await browser.get("")).text == ADA.subject


@pytest.mark.parametrize("state", ["", "x", "another's"])
async def test_an_answer_with_another_state_signs_nobody_in(pages: Pages, state: str) -> None:
    """Somebody has a victim's browser open it with a code of their own, made for what the victim's browser has."""
    browser = pages.browser()
    mine = await _answer(pages, browser)
    given = pages.provider.begun[-1].state
    if state == "another's":
        await _answer(pages, pages.browser())
        state = pages.provider.begun[-1].state
    refused = await browser.get(mine.replace(given, state))
    assert (refused.status_code, COOKIE in browser.cookies) == (403, False)
    assert "did not begin in this browser" in refused.text


async def test_an_answer_of_another_provider_s_signs_nobody_in(pages: Pages) -> None:
    browser = pages.browser()
    refused = await browser.get(f"{await _answer(pages, browser)}&iss=https%3A%2F%2Fevil.example")
    assert (refused.status_code, COOKIE in browser.cookies) == (403, False)


async def test_the_cookie_is_for_this_host_over_https_and_no_script(pages: Pages) -> None:
    browser = pages.browser()
    answer = await browser.get(await _answer(pages, browser))
    (line,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{COOKIE}=")]
    attributes = {each.strip().lower() for each in line.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax", "secure"}


async def test_a_form_without_the_token_of_its_session_does_nothing(pages: Pages) -> None:
    browser, secret = await _signed_in(pages)
    _, another = await _signed_in(pages)
    for token in ("", "x", another.form_token(), secret.text(), "é"):
        refused = await browser.post("change", data={FORM_TOKEN: token})
        assert refused.status_code == 403
    assert pages.changes == []
    assert (await browser.post("change", data={FORM_TOKEN: secret.form_token()})).text == "done"
    assert pages.changes == [ADA.subject]


@pytest.mark.parametrize("page", ["sign-out", "sign-out-everywhere"])
async def test_who_signs_out_is_out_also_with_the_cookie_that_they_had(pages: Pages, page: str) -> None:
    browser, secret = await _signed_in(pages)
    done = await browser.post(page, data={FORM_TOKEN: secret.form_token()})
    assert done.headers["location"] == f"{PREFIX}signed-out"
    assert done.headers["clear-site-data"] == '"cache", "storage"'
    assert COOKIE not in browser.cookies
    assert [each.refresh_token for each in pages.provider.signed_out] == ["refresh"]
    with_the_cookie = await pages.browser().get("", headers={"cookie": f"{COOKIE}={secret.text()}"})
    assert with_the_cookie.headers["location"] == f"{PREFIX}sign-in"


async def test_what_goes_on_ends_with_the_sign_in(pages: Pages) -> None:
    browser, _ = await _signed_in(pages)
    assert (await browser.get("told")).text == "before"


async def test_signing_out_everywhere_is_the_end_of_links_too(databases: Databases) -> None:
    """One that was printed, or sent to somebody, and that nobody has taken yet."""
    async with databases.open("dashboard") as database:
        store = Store(database)
        links = Links(store, FakeClock())
        whose = [("acme", "user:ada"), ("acme", "user:bob"), ("globex", "user:ada")]
        codes = [(await links.make(Link(bearer="x", subject=subject, tenant=tenant)))[0] for tenant, subject in whose]
        await store.end_all(tenant="acme", subject="user:ada")
        assert [await links.look(code) is not None for code in codes] == [False, True, True]
