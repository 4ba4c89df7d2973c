"""All apps: what state each is in, at a glance."""

import asyncio
from dataclasses import dataclass

from paas.config.v1.config_pb2 import App
from paas.releaser.v1.releaser_pb2 import Release
from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.calls.caller import Caller
from dashboard.pages.states import State, state_of
from dashboard.web.visit import Visit

# Of so many is asked for at once how they are. Of what comes after them in a long list, on their own pages.
_LOOKED_AT = 50


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One app in the list. `state` is None where it was not looked at."""

    app: App
    release: Release | None
    state: State | None


async def index(visit: Visit) -> Response:
    """Show them."""
    apps = sorted(await calls.list_apps(visit.caller), key=lambda app: app.name)
    looked_at = await asyncio.gather(*(_entry(visit.caller, app) for app in apps[:_LOOKED_AT]))
    rest = [Entry(app=app, release=None, state=None) for app in apps[_LOOKED_AT:]]
    return visit.page("apps.html", here="apps", entries=[*looked_at, *rest])


async def _entry(caller: Caller, app: App) -> Entry:
    release, instances = await asyncio.gather(
        calls.newest_release(caller, app.name), calls.list_instances(caller, app.name)
    )
    return Entry(app=app, release=release, state=state_of(release, instances))
