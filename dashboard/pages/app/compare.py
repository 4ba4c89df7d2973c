"""An app beside another: what one has alone, what differs, and taking that over into what is pending."""

import asyncio

from google.rpc import code_pb2
from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.calls.apps import Variables
from dashboard.calls.refusals import Refusal
from dashboard.pages.app.heading import heading_of
from dashboard.variables.comparison import differences, hidden_kinds, taken
from dashboard.variables.pending import keep_more
from dashboard.web.visit import Visit

_NOTHING = "Nothing was chosen to be taken over."


async def show(visit: Visit) -> Response:
    """Show what differs, or ask from which app."""
    app, other = visit.place.name, visit.request.query_params.get("with", "")
    heading, apps = await asyncio.gather(heading_of(visit), calls.list_apps(visit.caller))
    here, there = await _both(visit, app, other) if other else (None, None)
    found, same = differences(here, there) if here and there else ([], 0)
    return visit.page(
        "compare.html",
        **heading,
        tab="variables",
        others=sorted(each.name for each in apps if each.name != app),
        other=other,
        differences=found,
        same=same,
        hidden=hidden_kinds(here, there) if here and there else [],
        has_groups=bool(here and there and (here.groups or there.groups)),
        may_take=visit.person.may("config.write") and any(each.can_be_taken for each in found),
    )


async def take(visit: Visit) -> Response:
    """Put what was chosen to what is pending. Its values are read anew: they travel in no form."""
    app, other = visit.place.name, str(visit.form.get("with", ""))
    found, _ = differences(*await _both(visit, app, other))
    more = taken(found, set(map(str, visit.form.getlist("take"))))
    if not more:
        raise Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=_NOTHING)
    await keep_more(visit, app, more)
    return visit.to(f"{visit.place}/pending")


async def _both(visit: Visit, app: str, other: str) -> tuple[Variables, Variables]:
    # An app that is not there has no list of variables that says so.
    await asyncio.gather(calls.get_app(visit.caller, app), calls.get_app(visit.caller, other))
    return await asyncio.gather(calls.list_variables(visit.caller, app), calls.list_variables(visit.caller, other))
