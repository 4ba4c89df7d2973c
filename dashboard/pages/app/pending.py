"""Changing variables: what was pasted becomes pending, is looked at as a difference, and saved as one release."""

import asyncio

from google.rpc import code_pb2
from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.calls.refusals import Refusal
from dashboard.groups.reached import reached
from dashboard.pages.app.heading import instances_of, subject_of
from dashboard.pages.states import state_of
from dashboard.variables.changes import SET, UNSET, Wanted, chosen, verdicts
from dashboard.variables.pending import drop, keep, keep_more, pending_of
from dashboard.variables.saving import Saving, outcome_of
from dashboard.variables.shared import behind
from dashboard.web.visit import Visit
from paas_cli.dotenv.reading import read
from paas_cli.errors import Failure
from paaskit.clock import random_id

_SOURCE = "what was pasted"
_CHOICE = "kind:"


async def add(visit: Visit) -> Response:
    """Put what was sent to what is pending: a pasted text, one name with its value, or names to be unset."""
    app = visit.place.name
    await subject_of(visit)
    more = _wanted(visit)
    if not more:
        raise Refusal(code=code_pb2.INVALID_ARGUMENT, sentence="Nothing was given: paste lines like NAME=value.")
    await keep_more(visit, app, more)
    return visit.to(f"{visit.place}/pending")


async def review(visit: Visit) -> Response:
    """Show what saving would do, values of secrets as sixteen dots."""
    return await _review(visit)


async def save(visit: Visit) -> Response:
    """Save it, as one release or into the app's draft. What the services refuse is shown where it stands."""
    app = visit.place.name
    pending = await pending_of(visit, app)
    if pending is None:
        return visit.to(f"{visit.place}")
    rows = chosen(pending.rows, _choices(visit))
    await keep(visit, app, rows)
    stage = visit.form.get("do") == "stage"
    if visit.form.get("do") not in ("save", "stage"):
        return visit.to(f"{visit.place}/pending")
    listed = await calls.list_variables(visit.caller, app)
    judged = verdicts(rows, listed)
    if any(each.outcome == "refused" for each in judged):
        return await _review(visit)
    etag = str(visit.form.get("etag", ""))
    saving = Saving.of(judged, app=app, stage=stage, request_id=str(visit.form.get("request_id", "")), etag=etag)
    try:
        done = await outcome_of(visit.caller, saving)
    except Refusal as refusal:
        if refusal.is_signed_out:
            raise
        return await _review(visit, refusal=refusal, problems=saving.problems(refusal))
    await drop(visit, app)
    if done.release is not None:
        return visit.to(f"{visit.place}/releases/{done.release}")
    return visit.to(f"{visit.place}/staged" if stage else f"{visit.place}")


async def discard(visit: Visit) -> Response:
    """Drop what is pending."""
    app = visit.place.name
    await drop(visit, app)
    return visit.to(f"{visit.place}")


async def _review(visit: Visit, *, refusal: Refusal | None = None, problems: dict[str, str] | None = None) -> Response:
    app, caller = visit.place.name, visit.caller
    subject = await subject_of(visit)
    pending = await pending_of(visit, app)
    if pending is None:
        return visit.to(f"{visit.place}")
    listed, release, instances = await asyncio.gather(
        calls.list_variables(caller, app), calls.newest_release(caller, app), instances_of(visit)
    )
    judged = verdicts(pending.rows, listed)
    return visit.page(
        "pending.html",
        status=refusal.http_status if refusal else 200,
        here=visit.place.kind,
        app=subject,
        tab="variables",
        state=state_of(release, instances),
        release=release,
        verdicts=judged,
        behind=behind(listed.groups),
        reached=reached(subject.group, judged) if subject.group is not None else None,
        counted=sum(each.counts for each in judged),
        refused=sum(each.outcome == "refused" for each in judged),
        refusal=refusal,
        problems=problems or {},
        staged=len(listed.staged_config) + len(listed.staged_secrets),
        etag=listed.etag,
        request_id=random_id(),
    )


def _wanted(visit: Visit) -> list[Wanted]:
    """What a form asks for. Raises Refusal naming the lines that can't be read."""
    unset = [str(name) for name in visit.form.getlist("unset") if name]
    if unset:
        return [Wanted(name=name, action=UNSET) for name in unset]
    name = str(visit.form.get("name", "")).strip()
    if name:
        kind = str(visit.form.get("kind", ""))
        return [Wanted(name=name, action=SET, kind=kind, value=_text(visit.form.get("value", "")))]
    try:
        found = read(_text(visit.form.get("text", "")), source=_SOURCE)
    except Failure as failure:
        raise Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=str(failure)) from None
    return [
        Wanted(name=name, action=SET, value=value, line=found.lines.get(name, 0))
        for name, value in found.values.items()
    ]


def _text(given: object) -> str:
    """What was typed into a field, whose lines browsers send with CRLF (HTML, 4.10.21.8)."""
    return str(given).replace("\r\n", "\n")


def _choices(visit: Visit) -> dict[str, str]:
    return {key.removeprefix(_CHOICE): str(value) for key, value in visit.form.multi_items() if key.startswith(_CHOICE)}
