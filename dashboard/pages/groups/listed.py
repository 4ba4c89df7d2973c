"""All shared groups, and making one."""

from starlette.responses import Response

from dashboard.calls import groups as calls
from dashboard.calls.refusals import Refusal
from dashboard.pages.paging import part_of
from dashboard.web.visit import Visit
from paaskit.clock import random_id

_PAGE = 100


async def index(visit: Visit) -> Response:
    """Show them by name."""
    return await _shown(visit)


async def create(visit: Visit) -> Response:
    """Make one, and lead to it."""
    name, form = _name(visit), visit.form
    try:
        await calls.create_group(visit.caller, name, request_id=str(form.get("request_id", "")))
    except Refusal as refusal:
        if refusal.is_final:
            raise
        return await _shown(visit, refusal=refusal)
    return visit.to(f"groups/{name}", notice=f"{name} is there. It holds nothing yet.")


async def _shown(visit: Visit, *, refusal: Refusal | None = None) -> Response:
    query = visit.request.query_params
    groups = sorted(await calls.list_groups(visit.caller), key=lambda group: group.name)
    searched = query.get("q", "").strip()
    found = [group for group in groups if searched.lower() in group.name.lower()]
    return visit.page(
        "groups.html",
        status=refusal.http_status if refusal else 200,
        here="groups",
        part=part_of(found, asked=query.get("page", ""), size=_PAGE),
        searched=searched,
        known=bool(groups),
        refusal=refusal,
        name=_name(visit),
        request_id=random_id(),
    )


def _name(visit: Visit) -> str:
    return str(visit.form.get("name", "")).strip()
