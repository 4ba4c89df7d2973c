"""Listing an app's secrets: their names, when they were set, and what is staged. Never a value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from paaskit.access import AppRef
from paaskit.clock import Clock
from services.secrets.drafts import Drafts
from services.secrets.registry import Registry
from services.secrets.rules.draft import StagedChange
from services.secrets.rules.stored import Entry
from services.secrets.store.readings import Readings

_BEFORE_THE_FIRST = -1


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of secrets, in the order they were first set. `next_after` is where the next one starts; None: no more."""

    version: int = 0
    entries: Sequence[Entry] = ()
    staged: Sequence[StagedChange] = ()
    next_after: int | None = None


class Listing:
    """Lists secrets."""

    def __init__(self, readings: Readings, drafts: Drafts, registry: Registry, *, clock: Clock) -> None:
        self._readings = readings
        self._drafts = drafts
        self._registry = registry
        self._clock = clock

    async def page(self, ref: AppRef, *, after: int | None, limit: int) -> Page:
        """Return the page after a position, or the first one, which has what is staged as well.

        Raises NotFound, PermissionDenied or Unavailable.
        """
        start = _BEFORE_THE_FIRST if after is None else after
        listed = await self._readings.listed(ref.tenant, ref.name, after=start, limit=limit + 1)
        if listed is None:
            await self._registry.resolve(ref)
            return Page()
        ref.accept(listed.app.app_id)
        entries = [self._without_past_overlap(entry) for entry in listed.entries[:limit]]
        return Page(
            version=listed.app.version,
            entries=entries,
            staged=await self._drafts.staged(ref.tenant, listed.app.app_id) if after is None else (),
            next_after=entries[-1].position if len(listed.entries) > limit else None,
        )

    def _without_past_overlap(self, entry: Entry) -> Entry:
        if entry.previous_until is None or entry.previous_until > self._clock():
            return entry
        return replace(entry, previous=None, previous_until=None)
