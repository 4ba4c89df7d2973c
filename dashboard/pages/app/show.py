"""An app: one table of everything that it has in its environment."""

import asyncio

from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.calls.apps import shared_of
from dashboard.pages.app.heading import instances_of, subject_of
from dashboard.pages.states import state_of
from dashboard.variables.carried import CARRYING, Carriers
from dashboard.variables.pending import pending_of
from dashboard.variables.shared import with_shared
from dashboard.variables.table import rows
from dashboard.web.visit import Visit


async def variables(visit: Visit) -> Response:
    """Show it."""
    app = visit.place.name
    caller = visit.caller
    # The app first: whoever looks for one that is not there is told so once.
    subject = await subject_of(visit)
    listed, releases, instances, pending = await asyncio.gather(
        calls.list_variables(caller, app),
        calls.list_releases(caller, app, count=CARRYING),
        instances_of(visit),
        pending_of(visit, app),
    )
    release = releases[0] if releases else None
    carriers = Carriers.of(releases, instances, runs_nothing=visit.place.is_group)
    shared = await shared_of(caller, listed)
    return visit.page(
        "app.html",
        here=visit.place.kind,
        app=subject,
        tab="variables",
        rows=with_shared(rows(listed, carriers), shared, carriers),
        hidden_groups=[each.group for each in listed.groups if each.hidden],
        groups=[each.group for each in listed.groups if not each.hidden],
        may_see_config=listed.config is not None,
        may_see_secrets=listed.secrets is not None,
        state=state_of(release, instances),
        release=release,
        pending_count=len(pending.rows) if pending else 0,
    )
