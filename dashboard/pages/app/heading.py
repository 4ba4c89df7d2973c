"""What stands above every page of an app: its name, how it is, and its newest release."""

import asyncio
from typing import Any

from dashboard.calls import apps as calls
from dashboard.calls.caller import Caller
from dashboard.pages.states import state_of


async def heading_of(caller: Caller, app: str) -> dict[str, Any]:
    """Return what templates take for it. Raises Refusal, as where there is no such app."""
    got, release, instances = await asyncio.gather(
        calls.get_app(caller, app), calls.newest_release(caller, app), calls.list_instances(caller, app)
    )
    return {"here": "apps", "app": got.app, "state": state_of(release, instances), "release": release}
