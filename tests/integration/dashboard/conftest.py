"""The pages of signing in with some behind them, over PostgreSQL and with an identity provider of the tests' own."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from urllib.parse import quote

import grpc
import httpx2
import pytest
from google.rpc import code_pb2
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from dashboard.calls.refusals import Refusal
from dashboard.pages.account import people, sessions
from dashboard.sessions.keeper import Sessions
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Person
from dashboard.sessions.store import Store
from dashboard.settings import PREFIX
from dashboard.sign_in.links import Links
from dashboard.sign_in.pages import SignIns
from dashboard.web.render import Templates
from dashboard.web.strangers import Strangers
from dashboard.web.visit import COOKIE, Site, Visit, signed_in
from tests.fakes.called_gateway import FakeGateway
from tests.fakes.clock import FakeClock
from tests.fakes.people_provider import FakeProvider
from tests.fixtures.postgres import Databases

ORIGIN = "https://paas.example.com"
NOTHING: Mapping[str, str] = {}
PRESSED = {"sec-fetch-site": "same-origin"}
ADA = Person(tenant="acme", subject="user:ada", maker="", permissions=frozenset(), apps=None)


@dataclass
class Pages:
    """The pages of signing in, one that says who is there, and one that changes something."""

    app: Starlette
    provider: FakeProvider
    changes: list[str]
    clock: FakeClock
    gateway: FakeGateway

    def browser(self) -> httpx2.AsyncClient:
        """One that has been nowhere yet."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url=f"{ORIGIN}{PREFIX}")


@pytest.fixture
async def pages(databases: Databases) -> AsyncIterator[Pages]:
    clock, provider, changes = FakeClock(), FakeProvider(person_now=ADA), list[str]()
    gateway = FakeGateway(tenant=ADA.tenant, subject=ADA.subject)

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

    async def slow(visit: Visit) -> Response:
        clock.advance(seconds=int(visit.request.query_params["seconds"]))
        raise Refusal(code=code_pb2.UNAUTHENTICATED, sentence="The token is not good.")

    async with databases.open("dashboard") as database:
        store = Store(database)
        sign_ins = SignIns(provider=provider, links=Links(store, clock), url=f"{ORIGIN}{PREFIX}")
        own = [
            Route("/", signed_in(who)),
            Route("/change", signed_in(change), methods=["POST"]),
            Route("/told", signed_in(told)),
            Route("/slow", signed_in(slow)),
            Route("/account/sessions", signed_in(sessions.index)),
            Route("/account/sessions/end", signed_in(sessions.end), methods=["POST"]),
            Route("/account/people", signed_in(people.index)),
            Route("/account/people/end", signed_in(people.end), methods=["POST"]),
        ]
        app = Starlette(routes=[Mount(PREFIX.rstrip("/"), routes=[*sign_ins.routes(), *own])])
        app.state.site = Site(
            sessions=Sessions(
                store, idle=timedelta(minutes=30), longest=timedelta(hours=12), renewal=None, clock=clock
            ),
            database=database,
            channel=cast("grpc.aio.Channel", gateway),
            templates=Templates(PREFIX),
            prefix=PREFIX,
            strangers=Strangers(lambda: 0.0),
        )
        yield Pages(app, provider, changes, clock, gateway)


async def answer_for(pages: Pages, browser: httpx2.AsyncClient) -> str:
    """Begin a sign-in; where the provider sends this browser with what belongs to it."""
    await browser.get("sign-in/begin", headers=PRESSED)
    attempt = pages.provider.begun[-1]
    return f"callback?state={attempt.state}&code={quote(f'code for {attempt.nonce}')}"


async def come_in(pages: Pages, *, headers: Mapping[str, str] = NOTHING) -> tuple[httpx2.AsyncClient, Secret]:
    browser = pages.browser()
    browser.headers.update(headers)
    assert (await browser.get(await answer_for(pages, browser))).status_code == 303
    secret = Secret.parse(browser.cookies[COOKIE])
    assert secret is not None
    return browser, secret
