"""Going back to an earlier release: first what that would change, then a release that does it."""

import asyncio

from starlette.responses import Response

from dashboard.calls.releases import roll_back
from dashboard.pages.app.heading import heading_of
from dashboard.releases.preview import preview
from dashboard.web.visit import Visit
from paaskit.clock import random_id


async def show(visit: Visit) -> Response:
    """Show what would change, with or without the secrets of then."""
    app, number, caller = visit.place.name, visit.number("number"), visit.caller
    with_secrets = visit.request.query_params.get("secrets") == "1"
    heading, without, whole = await asyncio.gather(
        heading_of(visit),
        *(
            roll_back(caller, app, number, with_secrets=each, request_id=random_id(), validate_only=True)
            for each in (False, with_secrets)
        ),
    )
    return visit.page(
        "rollback.html",
        **heading,
        tab="releases",
        number=number,
        with_secrets=with_secrets,
        preview=preview(without, whole),
        gone=list(whole.gone_groups),
        request_id=random_id(),
    )


async def go(visit: Visit) -> Response:
    """Make the release, and lead to it."""
    app, form = visit.place.name, visit.form
    answer = await roll_back(
        visit.caller,
        app,
        visit.number("number"),
        with_secrets=form.get("secrets") == "1",
        request_id=str(form.get("request_id", "")),
        validate_only=False,
    )
    return visit.to(f"{visit.place}/releases/{answer.release.number}")
