"""What is answered where nothing is, and where something went wrong. Never the text of an exception."""

import structlog
from starlette.requests import Request
from starlette.responses import Response

from dashboard.web.measured import page_name
from dashboard.web.visit import Site
from paaskit.clock import random_id
from paaskit.logs import describe_exception

log = structlog.get_logger()


async def not_found(request: Request, _: Exception) -> Response:
    """Say that there is no such page."""
    site: Site = request.app.state.site
    return site.templates.page("not_found.html", status=404, person=None)


async def failed(request: Request, error: Exception) -> Response:
    """Say that it is our fault, with an id under which the log has where it happened."""
    site: Site = request.app.state.site
    error_id = random_id()
    log.error("page_failed", error_id=error_id, page=page_name(request.scope), **describe_exception(error))
    return site.templates.page("failed.html", status=500, person=None, error_id=error_id)
