"""The draft of an app: what waits, who staged it, and what becomes of it."""

import asyncio

from google.rpc import code_pb2
from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.calls.refusals import Refusal
from dashboard.calls.releases import release_draft
from dashboard.calls.staged import Dropped
from dashboard.calls.staged import discard as drop
from dashboard.pages.app.heading import heading_of
from dashboard.staged.listed import CONFIG, SECRET, SPEC, staged_changes
from dashboard.web.visit import Visit
from paaskit.clock import random_id

_NOT_ALONE = "What the app runs is discarded together with the config vars that are staged: discard all of it."
_NOTHING = "Nothing was chosen to be discarded."


async def show(visit: Visit) -> Response:
    """Show it."""
    return await _shown(visit)


async def release(visit: Visit) -> Response:
    """Release all of it, config and secrets together."""
    app, form = visit.place.name, visit.form
    try:
        number = await release_draft(
            visit.caller,
            app,
            request_id=str(form.get("request_id", "")),
            replace_newer=form.get("replace_newer") == "1",
        )
    except Refusal as refusal:
        if refusal.is_final:
            raise
        return await _shown(visit, refusal=refusal)
    return visit.to(f"{visit.place}/releases/{number}")


async def discard(visit: Visit) -> Response:
    """Drop what a form names of it. What is live stays."""
    app = visit.place.name
    items = [str(item).partition(":") for item in visit.form.getlist("item")]
    what = Dropped(
        config=[name for kind, _, name in items if kind == CONFIG],
        secrets=[name for kind, _, name in items if kind == SECRET],
        spec=any(kind == SPEC for kind, _, _ in items),
    )
    try:
        await _check(visit, what)
        await drop(visit.caller, app, what, request_id=str(visit.form.get("request_id", "")))
    except Refusal as refusal:
        if refusal.is_final:
            raise
        return await _shown(visit, refusal=refusal)
    names = [*what.config, *what.secrets, *(["what the app runs"] if what.spec else [])]
    return visit.to(f"{visit.place}/staged", notice=f"Staged no more: {', '.join(sorted(names))}.")


async def _check(visit: Visit, what: Dropped) -> None:
    """Raise Refusal for nothing, and for what would take along what nobody has chosen."""
    if not (what.config or what.secrets or what.spec):
        raise Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=_NOTHING)
    if what.spec and not what.config:
        # Without names, config drops all that is staged of it.
        listed = await calls.list_variables(visit.caller, visit.place.name)
        if listed.staged_config:
            raise Refusal(code=code_pb2.FAILED_PRECONDITION, sentence=_NOT_ALONE)


async def _shown(visit: Visit, *, refusal: Refusal | None = None) -> Response:
    app, caller = visit.place.name, visit.caller
    heading, listed = await asyncio.gather(heading_of(visit), calls.list_variables(caller, app))
    changes = staged_changes(listed, heading["app"].app)
    person = visit.person
    may_drop = {
        CONFIG: person.may("config.write"),
        SECRET: person.may("secrets.write"),
        SPEC: person.may("config.write") and person.may("apps.write"),
    }
    return visit.page(
        "staged.html",
        status=refusal.http_status if refusal else 200,
        **heading,
        tab="staged",
        changes=changes,
        replaces_newer=any(each.replaces_newer for each in changes),
        may_drop=may_drop,
        may_drop_all=all(may_drop[each.kind] for each in changes),
        hidden=[word for word, seen in (("config vars", listed.config), ("secrets", listed.secrets)) if seen is None],
        spec_is_alone=not listed.staged_config,
        refusal=refusal,
        request_id=random_id(),
    )
