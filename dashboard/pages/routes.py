"""Which pages there are, below the prefix. Each is for whoever is signed in (`dashboard.web.visit`)."""

from starlette.routing import Route

from dashboard.pages import apps, audit, releases
from dashboard.pages.app import pending, reveal, show
from dashboard.web.visit import Page, signed_in


def page_routes() -> list[Route]:
    """The routes of all pages but those of the sign-in."""
    return [
        _get("/", apps.index),
        _get("/apps/{app}", show.variables),
        _post("/apps/{app}/pending", pending.add),
        _get("/apps/{app}/pending", pending.review),
        _post("/apps/{app}/pending/save", pending.save),
        _post("/apps/{app}/pending/discard", pending.discard),
        _post("/apps/{app}/secrets/{name}/reveal", reveal.reveal),
        _get("/apps/{app}/releases", releases.index),
        _get("/apps/{app}/releases/{number:int}", releases.show),
        _get("/apps/{app}/releases/{number:int}/progress", releases.progress),
        _get("/account/audit", audit.index),
        _get("/account/audit/events", audit.follow),
    ]


def _get(path: str, page: Page) -> Route:
    return Route(path, signed_in(page), methods=["GET"])


def _post(path: str, page: Page) -> Route:
    return Route(path, signed_in(page), methods=["POST"])
