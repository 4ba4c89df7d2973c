"""Which pages there are, below the prefix. Each is for whoever is signed in (`dashboard.web.visit`)."""

from starlette.routing import Route

from dashboard.pages import apps, audit, due, releases
from dashboard.pages.account import (
    audit_event,
    audit_export,
    audit_log,
    incident,
    keys,
    people,
    sessions,
    tokens,
    trusts,
)
from dashboard.pages.app import compare, pending, reveal, rollback, runs, secret, show, staged
from dashboard.pages.groups import listed, used_by
from dashboard.web.visit import Page, signed_in


def page_routes() -> list[Route]:
    """The routes of all pages but those of the sign-in."""
    return [
        _get("/", apps.index),
        *_of_both("/apps/{app}"),
        _get("/apps/{app}/compare", compare.show),
        _post("/apps/{app}/compare", compare.take),
        _get("/apps/{app}/runs", runs.show),
        _get("/groups", listed.index),
        _post("/groups", listed.create),
        *_of_both("/groups/{group}"),
        _get("/groups/{group}/apps", used_by.index),
        *(_get(f"/groups/{{group}}/{only}", used_by.itself) for only in ("runs", "compare")),
        _get("/groups/{group}/{what}", used_by.preview),
        _post("/groups/{group}/{what}", used_by.go),
        _get("/due", due.index),
        _get("/account/sessions", sessions.index),
        _post("/account/sessions/end", sessions.end),
        _get("/account/people", people.index),
        _post("/account/people/end", people.end),
        _post("/account/stay", sessions.stay),
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


def _of_both(place: str) -> list[Route]:
    """The pages that an app and a shared group have alike."""
    return [
        _get(place, show.variables),
        _post(f"{place}/pending", pending.add),
        _get(f"{place}/pending", pending.review),
        _post(f"{place}/pending/save", pending.save),
        _post(f"{place}/pending/discard", pending.discard),
        _get(f"{place}/secrets/{{name}}", secret.show),
        _post(f"{place}/secrets/{{name}}/rotate", secret.rotate),
        _post(f"{place}/secrets/{{name}}/reveal", reveal.reveal),
        _get(f"{place}/staged", staged.show),
        _post(f"{place}/staged/release", staged.release),
        _post(f"{place}/staged/discard", staged.discard),
        _get(f"{place}/releases/{{number:int}}/rollback", rollback.show),
        _post(f"{place}/releases/{{number:int}}/rollback", rollback.go),
        _get(f"{place}/releases", releases.index),
        _get(f"{place}/releases/{{number:int}}", releases.show),
        _get(f"{place}/releases/{{number:int}}/progress", releases.progress),
    ]


def _get(path: str, page: Page) -> Route:
    return Route(path, signed_in(page), methods=["GET"])


def _post(path: str, page: Page) -> Route:
    return Route(path, signed_in(page), methods=["POST"])
