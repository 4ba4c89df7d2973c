"""One secret: how old it is, who read it, a new value for it. Its value is in none of these pages."""

import asyncio
from collections.abc import Sequence

from google.rpc import code_pb2
from paas.audit.v1.audit_pb2 import Event
from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.calls import audit
from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal
from dashboard.calls.secrets import rotate_secret
from dashboard.pages.app.heading import heading_of, instances_of
from dashboard.secrets import asked
from dashboard.variables.carried import CARRYING, Carriers
from dashboard.variables.table import SECRET, Row, rows
from dashboard.web.visit import Visit
from paaskit.clock import random_id

_LISTED = 5
_READS = ("secrets.get", "secrets.run")
_CHANGES = ("secrets.set", "secrets.rotate")


async def show(visit: Visit) -> Response:
    """Show it."""
    return await _shown(visit)


async def rotate(visit: Visit) -> Response:
    """Give it a new value, released or staged."""
    app, name = visit.place.name, visit.path("name")
    try:
        change = await rotate_secret(visit.caller, app, name, asked.rotation(visit.form))
    except Refusal as refusal:
        if refusal.is_final:
            raise
        return await _shown(visit, refusal=refusal)
    if change.HasField("release"):
        return visit.to(f"{visit.place}/releases/{change.release}")
    return visit.to(f"{visit.place}/secrets/{name}", notice=_done(name, staged=visit.form.get("do") == "stage"))


async def _shown(visit: Visit, *, refusal: Refusal | None = None) -> Response:
    app, name, caller = visit.place.name, visit.path("name"), visit.caller
    heading, listed, releases, instances, reads, changes = await asyncio.gather(
        heading_of(visit),
        calls.list_variables(caller, app),
        calls.list_releases(caller, app, count=CARRYING),
        instances_of(visit),
        _newest_of(_READS, caller, app, name),
        _newest_of(_CHANGES, caller, app, name),
    )
    return visit.page(
        "secret.html",
        status=refusal.http_status if refusal else 200,
        **heading,
        tab="variables",
        row=_row(rows(listed, Carriers.of(releases, instances, runs_nothing=visit.place.is_group)), app, name),
        refusal=refusal,
        reads=reads,
        changes=changes,
        formats=asked.FORMATS,
        overlaps=asked.OVERLAPS,
        ends=asked.ENDS,
        lengths=(asked.SHORTEST, asked.DEFAULT_LENGTH, asked.LONGEST),
        is_given=visit.form.get("source") == asked.GIVEN,
        request_id=random_id(),
    )


async def _newest_of(actions: Sequence[str], caller: Caller, app: str, name: str) -> list[Event] | None:
    """The newest events of some actions on a name; None where the person may not read the log."""
    each = await asyncio.gather(
        *(audit.newest(caller, app=app, name=name, action=action, count=_LISTED) for action in actions)
    )
    if None in each:
        return None
    found = [event for events in each for event in events or ()]
    return sorted(found, key=lambda event: event.sequence, reverse=True)[:_LISTED]


def _row(found: list[Row], app: str, name: str) -> Row:
    for row in found:
        if row.name == name and row.kind == SECRET:
            return row
    raise Refusal(code=code_pb2.NOT_FOUND, sentence=f"{app} has no secret of this name, or you may not list them.")


def _done(name: str, *, staged: bool) -> str:
    return f"A new value of {name} is staged." if staged else f"{name} has a new value; its release follows."
