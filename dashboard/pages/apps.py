"""All apps: what state each is in, what waits and what ends soon, at a glance."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from paas.config.v1.config_pb2 import App
from paas.releaser.v1.releaser_pb2 import Release
from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.calls import tokens
from dashboard.calls.caller import Caller
from dashboard.pages.states import State, state_of
from dashboard.tokens.shown import ending
from dashboard.variables.endings import Ending, endings
from dashboard.web.visit import Visit

# Of so many is asked for at once how they are. Of what comes after them in a long list, on their own pages.
_LOOKED_AT: Final = 50
_AT_ONCE: Final = 12


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One app in the list. `state` is None where it was not looked at."""

    app: App
    release: Release | None = None
    state: State | None = None
    staged: int = 0
    endings: Sequence[Ending] = field(default=())


async def index(visit: Visit) -> Response:
    """Show them."""
    caller, now = visit.caller, datetime.now(UTC)
    apps = sorted(await calls.list_apps(caller), key=lambda app: app.name)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def look(app: App) -> Entry:
        async with gate:
            return await _entry(caller, app, now)

    looked_at = await asyncio.gather(*map(look, apps[:_LOOKED_AT]))
    listed = await tokens.list_tokens(caller) if visit.person.may("tokens.manage") else []
    rest = [Entry(app=app) for app in apps[_LOOKED_AT:]]
    return visit.page("apps.html", here="apps", entries=[*looked_at, *rest], tokens=ending(listed, now))


async def _entry(caller: Caller, app: App, now: datetime) -> Entry:
    release, instances, seen = await asyncio.gather(
        calls.newest_release(caller, app.name), calls.list_instances(caller, app.name), calls.glance(caller, app.name)
    )
    return Entry(
        app=app,
        release=release,
        state=state_of(release, instances),
        staged=seen.staged,
        endings=endings(seen.secrets, now),
    )
