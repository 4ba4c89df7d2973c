"""Events as lines of JSON, page by page: each line as `paas audit:export` writes it.

A page of events is in memory, and no more: the next is asked for once the one before was taken.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from google.rpc import code_pb2
from paas.audit.v1.audit_pb2 import ListEventsRequest, ListEventsResponse

from dashboard.calls.refusals import Refusal
from dashboard.sessions.session import SignedOut
from paas_cli.commands.audit.document import document

# What heals is asked for again after these many seconds: a download that breaks begins anew.
_PAUSES: Final = (0.5, 2.0, 5.0, 10.0)
_HEALS: Final = (code_pb2.UNAVAILABLE, code_pb2.DEADLINE_EXCEEDED, code_pb2.RESOURCE_EXHAUSTED)

Ask = Callable[[ListEventsRequest], Awaitable[ListEventsResponse]]
"""Asks for a page. Raises Refusal, and SignedOut."""


class Broken(Exception):
    """An export that can't go on. The connection breaks with it, so that no browser takes a part for the whole."""


async def lines(
    ask: Ask, request: ListEventsRequest, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncIterator[str]:
    """Yield the lines of a page after those of another. Raises Broken."""
    while True:
        answer = await _page(ask, request, sleep)
        # Letters of any script stand as they are, as in the file of the command line.
        yield "".join(f"{json.dumps(document(event), ensure_ascii=False)}\n" for event in answer.events)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


async def _page(ask: Ask, request: ListEventsRequest, sleep: Callable[[float], Awaitable[None]]) -> ListEventsResponse:
    for pause in (*_PAUSES, None):
        try:
            return await ask(request)
        except SignedOut:
            break
        except Refusal as refusal:
            if pause is None or refusal.code not in _HEALS:
                break
            await sleep(pause)
    raise Broken
