"""CI trusts: whose jobs get tokens without holding one, a new one, and why a job's token is taken or not.

A token that is pasted to be looked at is sent on and forgotten: it is in no page, whatever comes of it.
"""

from google.rpc import code_pb2
from paas.tokens.v1.tokens_pb2 import TestTrustResponse, Trust
from starlette.responses import Response

from dashboard.calls import apps as apps_calls
from dashboard.calls import trusts as calls
from dashboard.calls.refusals import Refusal
from dashboard.tokens.scopes import offered
from dashboard.tokens.shown import counted
from dashboard.trusts.asked import LIFETIMES, asked, job_token
from dashboard.trusts.systems import SYSTEMS
from dashboard.web.visit import Visit
from paas_cli.typed import durations
from paaskit.clock import random_id

_GONE = "There is no such trust any more."
_KEPT = ("name", "issuer", "subject", "claims", "audience", "lifetime")


async def index(visit: Visit) -> Response:
    """Show those there are."""
    trusts = await calls.list_trusts(visit.caller)
    return visit.page("trusts.html", here="trusts", trusts=trusts, systems=SYSTEMS)


async def new(visit: Visit) -> Response:
    """Ask whose jobs get tokens, in the words of the CI system that was chosen."""
    return await _asking(visit, provider=visit.request.query_params.get("ci", "github"))


async def create(visit: Visit) -> Response:
    """Make one, and lead to what its jobs need."""
    try:
        wanted = asked(visit.form)
        made = await calls.create_trust(visit.caller, wanted, request_id=str(visit.form.get("request_id", "")))
    except Refusal as refusal:
        if refusal.is_signed_out or refusal.code == code_pb2.PERMISSION_DENIED:
            raise
        return await _asking(visit, provider=str(visit.form.get("provider", "")), refusal=refusal)
    return visit.to(f"account/trusts/{made.trust_id}", notice=f"The trust {made.name} is made.")


async def show(visit: Visit) -> Response:
    """Show one, with what a job of it needs."""
    return await _shown(visit)


async def test(visit: Visit) -> Response:
    """Say claim by claim whether it takes a token."""
    try:
        answer = await calls.judge(visit.caller, visit.path("trust"), job_token(visit.form))
    except Refusal as refusal:
        if refusal.is_final:
            raise
        return await _shown(visit, refusal=refusal)
    return await _shown(visit, answer=answer)


async def remove(visit: Visit) -> Response:
    """End one, and the tokens it gave."""
    ended = await calls.delete_trust(visit.caller, visit.path("trust"))
    more = f", and with it {counted(ended.tokens)} it gave" if ended.tokens else ""
    return visit.to("account/trusts", notice=f"The trust {ended.trust.name} is removed{more}.")


async def _asking(visit: Visit, *, provider: str, refusal: Refusal | None = None) -> Response:
    person, form = visit.person, visit.form
    system = SYSTEMS.get(provider, SYSTEMS["github"])
    apps = await apps_calls.list_apps(visit.caller) if person.may("apps.read") else []
    given = {field: str(form.get(field, "")) for field in _KEPT}
    chosen = set(map(str, form.getlist("scope"))) if refusal else None
    return visit.page(
        "trust_new.html",
        status=refusal.http_status if refusal else 200,
        here="trusts",
        systems=SYSTEMS,
        system=system,
        given=given if refusal else {**given, "issuer": system.issuer},
        scopes=offered(person, chosen=chosen),
        apps=sorted(app.name for app in apps),
        chosen_apps=set(map(str, form.getlist("app"))) if form.get("apps") == "only" else set(),
        pull_requests=form.get("pull_requests") == "1",
        lifetimes=LIFETIMES,
        refusal=refusal,
        request_id=random_id(),
    )


async def _shown(visit: Visit, *, answer: TestTrustResponse | None = None, refusal: Refusal | None = None) -> Response:
    trust = await _found(visit)
    return visit.page(
        "trust.html",
        status=refusal.http_status if refusal else 200,
        here="trusts",
        trust=trust,
        system=SYSTEMS.get(trust.provider, SYSTEMS["other"]),
        lifetime=durations.shown(trust.ttl.seconds),
        answer=answer,
        refusal=refusal,
    )


async def _found(visit: Visit) -> Trust:
    wanted = visit.path("trust")
    for trust in await calls.list_trusts(visit.caller):
        if trust.trust_id == wanted:
            return trust
    raise Refusal(code=code_pb2.NOT_FOUND, sentence=_GONE)
