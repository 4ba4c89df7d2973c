"""A running `releaser` with a shared group and the apps that have it; the runtime runs nothing."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import pytest
from paas.releaser.v1 import releaser_pb2

from tests.fakes.desired_state import FakeApp
from tests.integration.releaser.conftest import Stage, spec_of

SUCCEEDED, FAILED = releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED
QUEUED, RUNNING = releaser_pb2.STATE_QUEUED, releaser_pb2.STATE_RUNNING


class Fleet:
    """A group, and apps that have it and work; each has had one release, v1, and so has the group."""

    def __init__(self, stage: Stage, group: FakeApp) -> None:
        self.stage = stage
        self.group = group
        self.apps: list[FakeApp] = []
        self._held: dict[str, asyncio.Event] = {}

    async def add(self, name: str, *groups: FakeApp, **variables: str) -> FakeApp:
        """Another app that has the group, or these groups."""
        app = self.stage.variables.app(spec_of(), name=name, app_id=f"id-{name}", **variables)
        app.attach(*(groups or (self.group,)))
        assert (await self.stage.release(app)).state == SUCCEEDED
        self.apps.append(app)
        return app

    async def set(self, **variables: str) -> int:
        """Set config vars of the group; return the number of its release."""
        return await self.stage.set(self.group, **variables)

    async def end(self, number: int) -> releaser_pb2.Release:
        """How a release of the group ends."""
        return await self.stage.end(number, app=self.group.name)

    async def get(self, number: int) -> releaser_pb2.Release:
        """A release of the group."""
        return await self.stage.get(number, app=self.group.name)

    async def all_ordered(self, number: int) -> None:
        """Wait until it was every app's turn in a release of the group."""
        while not (turns := [each.HasField("release") for each in (await self.get(number)).members]) or not all(turns):
            await asyncio.sleep(0.01)

    def hold_back(self, *releases: str) -> Callable[[], None]:
        """Have instances of these, each as `web v2`, come up once what is returned is called."""
        held = asyncio.Event()
        self._held |= dict.fromkeys(releases, held)
        self.stage.runtime.becomes_ready = self._becomes_ready
        return held.set

    async def _becomes_ready(self, environment: Mapping[str, str]) -> bool:
        held = self._held.get(f"{environment['PAAS_APP']} {environment['PAAS_RELEASE']}")
        if held is not None:
            await held.wait()
        return not self.stage.runtime.fail(environment)

    def runs(self) -> list[dict[str, str]]:
        """What runs, by app."""
        return [self.stage.runtime.runs(app.key) for app in self.apps]

    def applied(self) -> list[str]:
        """What was applied successfully so far: app and release, in the order it ended."""
        return [f"{each.app} v{each.release}" for each in self.stage.runtime.applied]


def told(release: releaser_pb2.Release) -> Sequence[tuple[str, int | None, int]]:
    """The releases of apps that a group's one names."""
    return [(each.app, each.release if each.HasField("release") else None, each.state) for each in release.members]


@pytest.fixture
async def fleet(quick: Stage) -> Fleet:
    """A group with A=1 that three apps have: api, web, worker."""
    fleet = Fleet(quick, quick.variables.group())
    assert (await fleet.end(await fleet.set(A="1"))).state == SUCCEEDED
    for name in ("api", "web", "worker"):
        await fleet.add(name)
    return fleet
