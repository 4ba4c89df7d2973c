"""Which apps have a shared group; attaching and detaching it, each with what that changes before it is done."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from google.rpc import code_pb2
from paas.config.v1.config_pb2 import Change
from starlette.responses import Response

from dashboard.calls import apps, groups
from dashboard.calls.refusals import Refusal
from dashboard.pages.app.heading import heading_of
from dashboard.staged.listed import action_word
from dashboard.web.visit import Visit
from paaskit.clock import random_id

_NO_APP: Final = "No app was chosen."


class Answer(Protocol):
    """What attaching and detaching answer alike."""

    @property
    def change(self) -> Change:
        """What it changes of the app, name by name."""

    @property
    def hidden_changes(self) -> int:
        """How many more names there are that the person may not list."""


Does = Callable[..., Awaitable[Answer]]
_DOES: Final[dict[str, Does]] = {"attach": groups.attach, "detach": groups.detach}


async def index(visit: Visit) -> Response:
    """Show them, and who may choose one more."""
    return await _shown(visit)


async def itself(visit: Visit) -> Response:
    """Lead to the group, whoever looks for what an app alone has."""
    return visit.to(str(visit.place))


async def preview(visit: Visit) -> Response:
    """Show which names an app would get or lose, and ask whether it is to be."""
    app, what = visit.request.query_params.get("app", ""), visit.path("what")
    try:
        answer = await _do(visit, app, what, request_id=random_id(), validate_only=True)
    except Refusal as refusal:
        if refusal.is_final:
            raise
        return await _shown(visit, refusal=refusal)
    return visit.page(
        "group_change.html",
        **await heading_of(visit),
        tab="apps",
        other=app,
        what=what,
        changes=[(each.name, action_word(each.action)) for each in answer.change.changes],
        hidden=answer.hidden_changes,
        request_id=random_id(),
    )


async def go(visit: Visit) -> Response:
    """Do it: one release of the app, or a part of its draft."""
    app, what, form = str(visit.form.get("app", "")), visit.path("what"), visit.form
    stage = form.get("do") == "stage"
    try:
        answer = await _do(visit, app, what, request_id=str(form.get("request_id", "")), stage=stage)
    except Refusal as refusal:
        if refusal.is_final:
            raise
        return await _shown(visit, refusal=refusal)
    if answer.change.HasField("release"):
        return visit.to(f"apps/{app}/releases/{answer.change.release}")
    return visit.to(f"apps/{app}/staged" if stage else f"{visit.place}/apps")


async def _do(visit: Visit, app: str, what: str, *, request_id: str, **how: bool) -> Answer:
    if what not in _DOES:
        raise Refusal(code=code_pb2.NOT_FOUND, sentence="There is no such page.")
    if not app:
        raise Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=_NO_APP)
    return await _DOES[what](visit.caller, visit.place.name, app=app, request_id=request_id, **how)


async def _shown(visit: Visit, *, refusal: Refusal | None = None) -> Response:
    heading = await heading_of(visit)
    group = heading["app"].group
    has_it = {use.app for use in group.used_by}
    may_change = visit.person.may("apps.write")
    listed = await apps.list_apps(visit.caller) if may_change else []
    return visit.page(
        "group_apps.html",
        status=refusal.http_status if refusal else 200,
        **heading,
        tab="apps",
        uses=group.used_by,
        hidden=group.hidden_apps,
        others=sorted(each.name for each in listed if each.name not in has_it),
        may_change=may_change,
        refusal=refusal,
    )
