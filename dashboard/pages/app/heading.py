"""What stands above every page of an app or a shared group: its name, how it is, and its newest release."""

import asyncio
from dataclasses import dataclass
from typing import Any

from paas.config.v1.config_pb2 import GetAppResponse
from paas.config.v1.groups_pb2 import GetGroupResponse
from paas.releaser.v1.releaser_pb2 import ListInstancesResponse

from dashboard.calls import apps as calls
from dashboard.calls.groups import get_group
from dashboard.pages.states import state_of
from dashboard.web.places import Place
from dashboard.web.visit import Visit


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whose page it is: an app, or a group with those that have it."""

    place: Place
    app: GetAppResponse | None = None
    group: GetGroupResponse | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.place.name

    @property
    def is_group(self) -> bool:
        """Whether it is a shared group."""
        return self.place.is_group

    @property
    def kind(self) -> str:
        """What it is called in a sentence."""
        return "group" if self.is_group else "app"


async def subject_of(visit: Visit) -> Subject:
    """Return the app or the group that an address names. Raises Refusal, as where there is none."""
    place, caller = visit.place, visit.caller
    if place.is_group:
        return Subject(place=place, group=await get_group(caller, place.name))
    return Subject(place=place, app=await calls.get_app(caller, place.name))


async def instances_of(visit: Visit) -> ListInstancesResponse | None:
    """Return what runs of an app, None where the person may not see it. A group runs nothing, and is not asked."""
    return None if visit.place.is_group else await calls.list_instances(visit.caller, visit.place.name)


async def heading_of(visit: Visit) -> dict[str, Any]:
    """Return what templates take for it. Raises Refusal, as where there is no such app."""
    subject, release, instances = await asyncio.gather(
        subject_of(visit), calls.newest_release(visit.caller, visit.place.name), instances_of(visit)
    )
    return {
        "here": visit.place.kind,
        "app": subject,
        "state": state_of(release, instances),
        "release": release,
    }
