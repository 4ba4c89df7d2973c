"""All apps: what state each is in, what waits and what ends soon, at a glance."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from paas.config.v1.config_pb2 import App
from paas.releaser.v1.releaser_pb2 import Release
from paas.secrets.v1.secrets_pb2 import Secret
from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.calls import tokens
from dashboard.calls.caller import Caller
from dashboard.calls.secrets import ends_soon
from dashboard.pages.paging import part_of
from dashboard.pages.states import State, state_of
from dashboard.tokens.shown import ending
from dashboard.variables.endings import Ending, by_app, endings, in_order, of_groups
from dashboard.web.visit import Visit

# A page of so many, since three calls are made for each.
_PAGE: Final = 50


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One app in the list."""

    app: App
    release: Release | None
    state: State
    staged: int
    endings: Sequence[Ending]


async def index(visit: Visit) -> Response:
    """Show a page of those that have in their names what the address asks for."""
    caller, now, query = visit.caller, datetime.now(UTC), visit.request.query_params
    apps = sorted(await calls.list_apps(caller), key=lambda app: app.name)
    searched = query.get("q", "").strip()
    found = [app for app in apps if searched.lower() in app.name.lower()]
    part = part_of(found, asked=query.get("page", ""), size=_PAGE)
    listed = await tokens.list_tokens(caller) if visit.person.may("tokens.manage") else []
    secrets = await ends_soon(caller) if visit.person.may("secrets.list") else []
    due = by_app(secrets)
    entries = await asyncio.gather(*(_entry(caller, app, due, now) for app in part.shown))
    return visit.page(
        "apps.html",
        here="apps",
        entries=entries,
        part=part,
        searched=searched,
        known=bool(apps),
        tokens=ending(listed, now),
        secrets=secrets,
    )


async def _entry(caller: Caller, app: App, due: Mapping[str, Sequence[Secret]], now: datetime) -> Entry:
    release, instances, seen = await asyncio.gather(
        calls.newest_release(caller, app.name), calls.list_instances(caller, app.name), calls.glance(caller, app.name)
    )
    return Entry(
        app=app,
        release=release,
        state=state_of(release, instances),
        staged=seen.staged,
        # What groups have is in the one list of all that ends, so it costs no call for each app.
        endings=in_order([*endings(seen.secrets, now), *of_groups(seen.groups, due, now)]),
    )
