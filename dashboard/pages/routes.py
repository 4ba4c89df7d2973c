"""Which pages there are, below the prefix. Each is for whoever is signed in (`dashboard.web.visit`)."""

from starlette.routing import Route

from dashboard.pages import apps, audit, releases
from dashboard.pages.account import audit_event, audit_export, audit_log, incident, keys, tokens, trusts
from dashboard.pages.app import compare, pending, reveal, rollback, runs, secret, show, staged
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
        _get("/apps/{app}/secrets/{name}", secret.show),
        _post("/apps/{app}/secrets/{name}/rotate", secret.rotate),
        _post("/apps/{app}/secrets/{name}/reveal", reveal.reveal),
        _get("/apps/{app}/compare", compare.show),
        _post("/apps/{app}/compare", compare.take),
        _get("/apps/{app}/runs", runs.show),
        _get("/apps/{app}/staged", staged.show),
        _post("/apps/{app}/staged/release", staged.release),
        _post("/apps/{app}/staged/discard", staged.discard),
        _get("/apps/{app}/releases/{number:int}/rollback", rollback.show),
        _post("/apps/{app}/releases/{number:int}/rollback", rollback.go),
        _get("/apps/{app}/releases", releases.index),
        _get("/apps/{app}/releases/{number:int}", releases.show),
        _get("/apps/{app}/releases/{number:int}/progress", releases.progress),
        _get("/account/tokens", tokens.index),
        _post("/account/tokens", tokens.create),
        _get("/account/tokens/new", tokens.new),
        _get("/account/tokens/{token}", tokens.show),
        _post("/account/tokens/{token}/rotate", tokens.rotate),
        _post("/account/tokens/{token}/revoke", tokens.revoke),
        _get("/account/trusts", trusts.index),
        _post("/account/trusts", trusts.create),
        _get("/account/trusts/new", trusts.new),
        _get("/account/trusts/{trust}", trusts.show),
        _post("/account/trusts/{trust}/test", trusts.test),
        _post("/account/trusts/{trust}/remove", trusts.remove),
        _get("/account/keys", keys.index),
        _post("/account/keys/rotate", keys.rotate),
        _get("/account/audit", audit.index),
        _get("/account/audit/events", audit.follow),
        _get("/account/audit/events/{sequence:int}", audit_event.show),
        _get("/account/audit/events/{sequence:int}/proof", audit_event.proof),
        _get("/account/audit/checkpoint", audit_log.show),
        _get("/account/audit/export", audit_export.download),
        _get("/account/incident", incident.show),
        _post("/account/incident", incident.ask),
    ]


def _get(path: str, page: Page) -> Route:
    return Route(path, signed_in(page), methods=["GET"])


def _post(path: str, page: Page) -> Route:
    return Route(path, signed_in(page), methods=["POST"])
