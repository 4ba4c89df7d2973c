"""Denials on record, without letting whoever is denied fill the log (docs/decisions/0031).

The first of a kind is recorded before it is told. The same again within ten seconds is counted, and the count becomes
one event: what a process that is killed takes along is at most the counts of the last seconds, never a first one.
"""

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable
from contextvars import Context
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from paaskit import metrics
from paaskit.access import Caller, Rule, targets_of
from paaskit.audit import DENIED, AuditEvent, Record, actor_of
from paaskit.clock import random_id, utc_now
from paaskit.errors import SlowDown
from paaskit.logs import describe_exception

WINDOW_SECONDS: Final = 10
MOST_ANSWERED: Final = 100
"""How many denials a credential is told within a window; who goes on is told to slow down."""
MOST_KINDS: Final = 20
"""How many kinds of a credential's denials are told apart within a window."""
MOST_TARGETS: Final = 50
"""How many names a count keeps."""
MOST_WINDOWS: Final = 5000
_LOOK_EVERY_SECONDS: Final = 1.0

log = structlog.get_logger()


@dataclass
class _Kind:
    """Denials of one kind: the recording of the first, and what is to be said of those that followed."""

    recorded: "asyncio.Task[None]"
    summary: AuditEvent
    repeats: int = 0
    targets: dict[str, None] = field(default_factory=dict)

    def count(self, targets: Iterable[str]) -> None:
        self.repeats += 1
        for target in targets:
            if len(self.targets) == MOST_TARGETS:
                break
            self.targets[target] = None

    def take(self) -> AuditEvent:
        """Return the event for what was counted until now, and count from 0 again."""
        event = replace(
            self.summary,
            event_id=random_id(),
            occurred_at=utc_now(),
            targets=list(self.targets),
            repeats=self.repeats,
            repeats_seconds=WINDOW_SECONDS,
        )
        self.repeats, self.targets = 0, {}
        return event

    def give_back(self, event: AuditEvent) -> None:
        """Count what could not be recorded in again."""
        self.repeats += event.repeats
        self.targets = {**dict.fromkeys(event.targets), **self.targets}


@dataclass
class _Window:
    """What one credential was denied since the window opened."""

    opened: float
    denied: int = 0
    kinds: dict[Hashable, _Kind] = field(default_factory=dict)

    def place_of(self, denied: AuditEvent) -> tuple[Hashable, AuditEvent]:
        """Return under what a denial is counted, and what repeats of it have in common.

        Where there are many kinds, as when somebody tries names of apps, the rest is told apart by its action alone.
        """
        own = (denied.action, denied.app, denied.app_id, denied.client_address, denied.on_behalf_of)
        if own in self.kinds or len(self.kinds) < MOST_KINDS:
            return own, denied
        return denied.action, replace(denied, app="", app_id="", client_address="", on_behalf_of="")


class Denials:
    """Keeps on record what users were denied. Nothing where `record` is None."""

    def __init__(self, record: Record | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._record = record
        self._clock = clock
        self._windows: dict[Hashable, _Window] = {}
        self._looking: asyncio.Task[None] | None = None
        self._ending = asyncio.Lock()

    async def record(self, rule: Rule, caller: Caller, request: Any) -> None:
        """Keep that a user was denied something; the names are of what was asked for, the app's id of the token's app.

        Raises Unavailable where that can't be kept: nobody is denied anything without a record. Raises SlowDown, which
        is what the caller is to be told then, where there were many of late. `request` is None where its message did
        not come along.
        """
        identity = caller.identity
        if self._record is None or identity is None or not rule.public or not rule.action:
            return
        app = "" if request is None else _plausible(rule.app_of(request))
        await self.keep(
            actor_of(caller).event(
                rule.action,
                app=app,
                app_id=identity.bound_id(app) or "",
                targets=[] if request is None else targets_of(rule, request),
                outcome=DENIED,
            )
        )

    async def keep(self, denied: AuditEvent) -> None:
        """Keep one denial: as an event of its own, or counted with its like. Raises as `record`."""
        window = self._window_of(denied)
        if window is None:
            await self._write(denied)
            return
        window.denied += 1
        place, summary = window.place_of(denied)
        kind = window.kinds.get(place)
        if kind is None:
            recorded = asyncio.create_task(self._write_first(window, place, denied))
            kind = window.kinds[place] = _Kind(recorded, replace(summary, targets=()))
            metrics.DENIALS.labels("event").inc()
        else:
            kind.count(denied.targets)
            metrics.DENIALS.labels("counted").inc()
        # Those that come while the first is being recorded are not told before it is, either.
        await asyncio.shield(kind.recorded)
        if window.denied > MOST_ANSWERED:
            raise SlowDown(
                f"You were refused {MOST_ANSWERED} times within {WINDOW_SECONDS} seconds. Wait before you try again.",
                retry_after_seconds=max(1.0, window.opened + WINDOW_SECONDS - self._clock()),
            )

    async def end_windows(self) -> None:
        """Record what was counted in windows that are over. What can't be recorded now is counted on."""
        now = self._clock()
        async with self._ending:
            for credential, window in list(self._windows.items()):
                if now - window.opened >= WINDOW_SECONDS:
                    await self._end(credential, window, now)

    async def finish(self) -> None:
        """Record what was counted until now: the server has stopped."""
        async with self._ending:
            if self._looking is not None:
                self._looking.cancel()
            for credential, window in list(self._windows.items()):
                await self._end(credential, window, self._clock())
        lost = sum(kind.repeats for window in self._windows.values() for kind in window.kinds.values())
        if lost:
            log.error("denials_lost", count=lost)

    def _window_of(self, denied: AuditEvent) -> _Window | None:
        """Return the window that a denial falls into, maybe a new one; None where there are too many."""
        credential = (denied.tenant, denied.actor, denied.token_id)
        window = self._windows.get(credential)
        if window is None and len(self._windows) < MOST_WINDOWS:
            window = self._windows[credential] = _Window(self._clock())
            if self._looking is None or self._looking.done():
                # In a context of its own: it goes on as nobody's request.
                self._looking = asyncio.get_running_loop().create_task(self._look(), context=Context())
        return window

    async def _write_first(self, window: _Window, place: Hashable, denied: AuditEvent) -> None:
        try:
            await self._write(denied)
        except BaseException:
            # Whoever is next is a first one as well; who waits for this one is not denied, but told that it failed.
            window.kinds.pop(place, None)
            raise

    async def _write(self, denied: AuditEvent) -> None:
        assert self._record is not None
        for part in denied.parts():
            await self._record(part)

    async def _end(self, credential: Hashable, window: _Window, now: float) -> None:
        for place, kind in list(window.kinds.items()):
            if not kind.recorded.done():
                continue
            if not kind.repeats:
                del window.kinds[place]
                continue
            event = kind.take()
            try:
                await self._write(event)
            except Exception as error:
                kind.give_back(event)
                log.warning("denials_wait", **describe_exception(error))
                return
        # What was repeated goes on being counted for another window: who goes on leaves one event in each, not two.
        window.opened, window.denied = now, 0
        if not window.kinds:
            del self._windows[credential]

    async def _look(self) -> None:
        while self._windows:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            await self.end_windows()


def _plausible(name: str) -> str:
    """Return a name that an app could have, else nothing: whatever else was sent there is not ours to keep."""
    return name if len(name) <= 40 and name.replace("-", "").isalnum() and name.isascii() else ""
