"""How many calls one page has under way. Leaves out the limits that it stays below (tests/integration/gateway)."""

import asyncio
import inspect
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import grpc
import pytest
from paas.config.v1 import config_pb2
from starlette.datastructures import FormData
from starlette.requests import Request

from dashboard.calls.caller import AT_ONCE, Caller
from dashboard.calls.refusals import Refusal
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Grant, Person, Session
from dashboard.web.visit import Site, Visit
from gateway.filters import sign_in
from tests.fixtures.waiting import until


class Method:
    """A method that answers when it may, and says how many wait for it."""

    def __init__(self) -> None:
        self.under_way = self.most = self.done = 0
        self.may = asyncio.Event()
        self.error: grpc.aio.AioRpcError | None = None

    async def __call__(self, request: Any, **_: Any) -> Any:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.may.wait()
        finally:
            self.under_way -= 1
        if self.error is not None:
            raise self.error
        self.done += 1
        return request


@pytest.fixture
def method() -> Method:
    return Method()


@pytest.fixture
async def caller() -> Caller:
    return Caller(grpc.aio.insecure_channel("127.0.0.1:1"), bearer="b", address="192.0.2.1")


def gathered(caller: Caller, method: Method, count: int) -> "asyncio.Future[list[Any]]":
    request = config_pb2.GetAppRequest(app="web")
    return asyncio.gather(*(caller.call(method, request) for _ in range(count)), return_exceptions=True)


async def test_a_page_of_many_calls_makes_some_at_a_time(caller: Caller, method: Method) -> None:
    calls = gathered(caller, method, 200)
    await until(lambda: method.under_way == AT_ONCE)
    method.may.set()
    assert len(await calls) == 200
    assert (method.done, method.most) == (200, AT_ONCE)


async def test_what_is_refused_or_given_up_makes_room(caller: Caller, method: Method) -> None:
    given_up = gathered(caller, method, 2 * AT_ONCE)
    await until(lambda: method.under_way == AT_ONCE)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    none = grpc.aio.Metadata()
    method.error = grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, none, none, details="away")
    method.may.set()
    assert all(isinstance(each, Refusal) for each in await gathered(caller, method, 2 * AT_ONCE))
    method.error = None
    await gathered(caller, method, AT_ONCE)
    assert method.done == AT_ONCE


async def test_a_page_has_one_caller_for_all_that_it_asks() -> None:
    now = datetime(2026, 5, 4, tzinfo=UTC)
    visit = Visit(
        site=cast("Site", SimpleNamespace(channel=None)),
        request=Request({"type": "http", "headers": []}),
        secret=Secret.new(),
        session=Session(
            person=Person(tenant="acme", subject="user:ada", maker="", permissions=frozenset(), apps=None),
            grant=Grant(bearer="b"),
            started_at=now,
            ends_at=now,
            authenticated_at=now,
            idle_at=now,
        ),
        form=FormData(),
    )
    assert visit.caller is visit.caller


def test_one_page_stays_below_the_checks_that_a_sign_in_has() -> None:
    """With checks of half a second, no answer is remembered for longer than the next check takes."""
    script = Path(inspect.getfile(sign_in)).with_name("sign_ins.lua").read_text(encoding="utf-8")
    (checks,) = re.findall(r"^local CHECKS_OF_CREDENTIAL = (\d+) -- in a second$", script, re.MULTILINE)
    assert int(checks) > AT_ONCE * 2
