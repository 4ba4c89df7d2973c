"""Ending overlaps: when a rotated secret's hour is over, the app is released once more without the old value."""

import asyncio
from contextlib import suppress
from typing import Final

from paaskit.audit import Actor
from paaskit.clock import Clock
from paaskit.errors import NotFound, Unavailable
from paaskit.release_order import ReleaseOrder
from paaskit.releases import Releases
from paaskit.write_path import Decision
from services.secrets.changes import Changes, SecretsChange
from services.secrets.rules.outcome import Means
from services.secrets.rules.plan import Plan
from services.secrets.rules.stored import PREVIOUS_SUFFIX, Snapshot
from services.secrets.store import Store

_LOOK_EVERY_SECONDS: Final = 1.0


class Overlaps:
    """Looks for overlaps that are over."""

    def __init__(self, store: Store, changes: Changes, releases: Releases, *, clock: Clock) -> None:
        self._store = store
        self._changes = changes
        self._releases = releases
        self._clock = clock

    async def run(self) -> None:
        """End overlaps for ever."""
        while True:
            with suppress(Unavailable):  # the database is away: requests say so, and there is nothing to end meanwhile
                await self.end_due()
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def end_due(self) -> int:
        """End what is due now; return how many."""
        due = await self._store.due_overlaps(self._clock())
        for each in due:
            with suppress(NotFound):  # the app was destroyed meanwhile, and its overlaps with it
                await self._end(each.tenant, each.app_id, each.name)
        return len(due)

    async def _end(self, tenant: str, app_id: str, name: str) -> None:
        app = await self._store.known(tenant, app_id)
        if app is None:
            return
        actor = Actor(tenant=tenant, name="service:secrets")
        ordered: list[ReleaseOrder] = []

        def decide(snapshot: Snapshot, means: Means) -> Decision[Plan]:
            decision = end(snapshot, means, actor, name)
            ordered[:] = [decision.order] if decision.order is not None else []
            return decision

        change = SecretsChange(tenant=tenant, app=app, names=[name], sealing=False, decide=decide)
        await self._changes.make(change)
        for order in ordered:
            await self._releases.request(order)


def end(snapshot: Snapshot, means: Means, actor: Actor, name: str) -> Decision[Plan]:
    """Decide on ending an overlap; one that was ended already, or lengthened, is left.

    The order names no version: what is released is what the app has by then, and the time has made the difference.
    """
    overlap = snapshot.overlaps.get(name)
    if overlap is None or overlap.due > means.now:
        return Decision(answer={})
    app = snapshot.app
    return Decision(
        answer={},
        rows=Plan(end_overlaps=(name,)),
        events=[
            actor.event(
                "secrets.overlap_end",
                app=app.name,
                app_id=app.app_id,
                targets=[name + PREVIOUS_SUFFIX],
                version=overlap.version,
            )
        ],
        order=ReleaseOrder(
            tenant=actor.tenant,
            app_id=app.app_id,
            app=app.name,
            change_id=f"overlap-{app.app_id}-{overlap.version}-{name}",
            actor=actor.name,
            description=f"End the overlap of {name}",
        ),
    )
