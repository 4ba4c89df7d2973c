"""Tokens: those there are, a new one, a new text for one, and the end of one.

A token's text is answered to a script of the page, which asks for it with what only our own pages know. It is so in no
document, which a browser could keep for its history or for going back, and in no address. Where there are no scripts,
no token is made: the command line makes it.
"""

from datetime import UTC, datetime

from google.rpc import code_pb2
from paas.tokens.v1.tokens_pb2 import Token
from starlette.responses import JSONResponse, Response

from dashboard.calls import apps as apps_calls
from dashboard.calls import tokens as calls
from dashboard.calls.refusals import Refusal
from dashboard.tokens import asked as asking
from dashboard.tokens.scopes import offered
from dashboard.tokens.shown import Entry, counted, ends_with, entries, revoked
from dashboard.web.times import exact
from dashboard.web.visit import Visit
from paaskit.clock import random_id

_BY_SCRIPT = (
    "A token's text is shown by a script of this page, which did not run; nothing was made. `{}` does it as well."
)
_GONE = "There is no such token any more: it was revoked, or has ended."


async def index(visit: Visit) -> Response:
    """Show those there are."""
    tokens = await calls.list_tokens(visit.caller)
    return visit.page("tokens.html", here="tokens", entries=entries(tokens, visit.person, _now()))


async def new(visit: Visit) -> Response:
    """Ask what a new one is for."""
    person = visit.person
    apps = await apps_calls.list_apps(visit.caller) if person.may("apps.read") else []
    return visit.page(
        "token_new.html",
        here="tokens",
        scopes=offered(person),
        apps=sorted(app.name for app in apps),
        lifetimes=asking.lifetimes(_now()),
        default_lifetime=asking.DEFAULT_LIFETIME,
        request_id=random_id(),
    )


async def create(visit: Visit) -> Response:
    """Make one, and answer with its text."""
    if not visit.is_by_script:
        raise _not_by_script("paas tokens:create")
    wanted = asking.asked(visit.form)
    made = await calls.create_token(visit.caller, wanted, request_id=str(visit.form.get("request_id", "")))
    return _once(made.token, made.secret, title=f"The token {made.token.name} is made.")


async def show(visit: Visit) -> Response:
    """Show one, with what ends with it."""
    entry, tokens = await _found(visit)
    return visit.page(
        "token.html",
        here="tokens",
        entry=entry,
        ends_with=ends_with(entry, tokens),
        overlaps=asking.OVERLAPS,
        default_overlap=asking.DEFAULT_OVERLAP,
        request_id=random_id(),
    )


async def rotate(visit: Visit) -> Response:
    """Give one a new text, and answer with that."""
    if not visit.is_by_script:
        raise _not_by_script("paas tokens:rotate")
    overlap, request_id = asking.length_of(visit.form, "overlap", zero=True), str(visit.form.get("request_id", ""))
    made = await calls.rotate_token(visit.caller, visit.path("token"), request_id=request_id, overlap_seconds=overlap)
    before = f"The text before {f'ends {_moment(made.previous)}' if overlap else 'has ended'}"
    more = f", and {counted(made.descendants)} made with it as well" if made.descendants else ""
    return _once(made.token, made.secret, title=f"{made.token.name} has a new text.", before=f"{before}{more}. ")


async def revoke(visit: Visit) -> Response:
    """End one, and what ends with it."""
    entry, _ = await _found(visit)
    # By its name the newest ends with those it was rotated from, which somebody may still hold.
    ended = await calls.revoke_token(visit.caller, entry.token.token_id if entry.is_former else entry.token.name)
    notice = revoked(ended.token.name, rotated=ended.rotated, descendants=ended.descendants)
    return visit.to("account/tokens", notice=notice)


async def _found(visit: Visit) -> tuple[Entry, list[Token]]:
    tokens, wanted = await calls.list_tokens(visit.caller), visit.path("token")
    for entry in entries(tokens, visit.person, _now()):
        if entry.token.token_id == wanted:
            return entry, tokens
    raise Refusal(code=code_pb2.NOT_FOUND, sentence=_GONE)


def _once(token: Token, secret: str, *, title: str, before: str = "") -> Response:
    apps = ", ".join(token.apps) or "all apps"
    about = f"{before}It may do {', '.join(token.permissions)} in {apps}, until {_moment(token)}."
    return JSONResponse({"title": title, "about": about, "secret": secret})


def _not_by_script(command: str) -> Refusal:
    return Refusal(code=code_pb2.FAILED_PRECONDITION, sentence=_BY_SCRIPT.format(command))


def _moment(token: Token) -> str:
    return exact(apps_calls.when(token.expires_at))


def _now() -> datetime:
    return datetime.now(UTC)
