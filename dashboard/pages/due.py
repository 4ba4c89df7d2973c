"""All secrets that are to be seen to, over all apps: by their end, by their rotation, and those nobody was given."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from google.rpc import code_pb2
from paas.secrets.v1 import secrets_pb2
from starlette.responses import Response

from dashboard.calls.apps import when
from dashboard.calls.refusals import Refusal
from dashboard.calls.secrets import list_due
from dashboard.web.visit import Visit

UNDELIVERED: Final = "undelivered"
_KINDS: Final = {
    "ends": secrets_pb2.DUE_KIND_EXPIRY,
    "rotation": secrets_pb2.DUE_KIND_ROTATION,
    UNDELIVERED: secrets_pb2.DUE_KIND_UNDELIVERED,
}
# So many of each where all three lists are shown, and on a page of one of them.
_FIRST: Final = 10
_PAGE: Final = 50
# For so long nobody must have been given a value.
_LONG: Final = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A page of one list. `kept_from` is when it can tell, where it can't yet."""

    kind: str
    secrets: list[secrets_pb2.DueSecret]
    next_page: str
    kept_from: datetime | None


async def index(visit: Visit) -> Response:
    """Show how each of the three lists begins, or a page of the one that an address names."""
    query = visit.request.query_params
    only = query.get("list", "")
    if only and only not in _KINDS:
        raise Refusal(code=code_pb2.NOT_FOUND, sentence="There is no such list.")
    size = _PAGE if only else _FIRST
    lists = await asyncio.gather(
        *(_list(visit, each, size=size, page=query.get("page", "")) for each in ([only] if only else _KINDS))
    )
    return visit.page("due.html", here="apps", lists=lists, only=only, is_first=not query.get("page", ""))


async def _list(visit: Visit, kind: str, *, size: int, page: str) -> Listed:
    answer = await list_due(visit.caller, _KINDS[kind], size=size, page=page)
    kept_from = None
    if kind == UNDELIVERED and answer.HasField("delivered_since"):
        known = when(answer.delivered_since) + _LONG
        kept_from = known if known > datetime.now(UTC) else None
    return Listed(kind=kind, secrets=list(answer.secrets), next_page=answer.next_page_token, kept_from=kept_from)
