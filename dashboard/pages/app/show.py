"""An app: one table of everything that it has in its environment."""

import asyncio

from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.pages.states import state_of
from dashboard.variables.pending import pending_of
from dashboard.variables.table import rows
from dashboard.web.visit import Visit


async def variables(visit: Visit) -> Response:
    """Show it."""
    app = visit.path("app")
    caller = visit.caller
    # The app first: whoever looks for one that is not there is told so once.
    got = await calls.get_app(caller, app)
    listed, release, instances, pending = await asyncio.gather(
        calls.list_variables(caller, app),
        calls.newest_release(caller, app),
        calls.list_instances(caller, app),
        pending_of(visit, app),
    )
    return visit.page(
        "app.html",
        here="apps",
        app=got.app,
        tab="variables",
        rows=rows(listed),
        may_see_config=listed.config is not None,
        may_see_secrets=listed.secrets is not None,
        state=state_of(release, instances),
        release=release,
        pending_count=len(pending.rows) if pending else 0,
    )
