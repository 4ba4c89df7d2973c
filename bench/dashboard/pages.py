"""A page beside the calls that it makes: what making HTML of them, and one more way through the gateway, costs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import httpx2

from bench.load import Ratio, at_most, medians
from dashboard.calls import apps as calls
from dashboard.calls.caller import Caller
from dashboard.variables.carried import CARRYING

_PAIRS: Final = 40
_REACH: Final = 2.0


async def page_beside_its_calls(client: httpx2.AsyncClient, url: str, caller: Caller, app: str, *, rows: int) -> Ratio:
    """The page of an app, one at a time, beside the same calls made at once through the same listener."""

    async def page() -> None:
        answer = await client.get(url)
        answer.raise_for_status()

    async def alone() -> None:
        await calls.get_app(caller, app)
        await asyncio.gather(
            calls.list_variables(caller, app),
            calls.list_releases(caller, app, count=CARRYING),
            calls.list_instances(caller, app),
        )

    await page()
    await alone()
    pairs = [(await _milliseconds(page), await _milliseconds(alone)) for _ in range(_PAIRS)]
    return at_most(
        medians(pairs),
        measure=f"page of an app with {rows} variables",
        against="its calls alone",
        unit="ms",
        reach=_REACH,
    )


async def _milliseconds(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000
