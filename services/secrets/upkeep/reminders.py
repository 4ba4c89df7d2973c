"""The job that reminds of ends: 30, 7 and 1 days before and once when they are past, by events in the audit log.

From there they go where people look (docs/audit-sinks.md). Every replica runs it. A reminder is
locked, told and put off in one transaction with its event, so each is told once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from paaskit.audit import Actor, AuditEvent
from paaskit.clock import Clock
from paaskit.errors import Unavailable
from paaskit.write_path import Decision, NoEvent
from services.secrets.rules.expiry import days_told, next_reminder

_LOOK_EVERY_SECONDS: Final = 2.0
EXPIRING: Final = "secrets.expiring"
EXPIRED: Final = "secrets.expired"


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """A reminder that is due, with the value that stands now under its name; without an end it is of none any more."""

    app_id: str
    app: str
    name: str
    version: int
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Told:
    """What becomes of reminders: when the next is due of those that have one, and which are over."""

    later: Sequence[tuple[Reminder, datetime]] = ()
    over: Sequence[Reminder] = ()


Place = tuple[str, str]
"""An app's id, and a name in it."""


class ReminderStore(Protocol):
    """What the job needs of the database."""

    async def due(self, now: datetime) -> Mapping[str, Sequence[Place]]:
        """Return of what to remind now, by tenant, the longest due first and a batch at most."""

    async def remind(self, tenant: str, places: Sequence[Place], now: datetime, decide: "Decide") -> int:
        """Lock those that are due still and nobody is at, and write what is decided; return how many they were."""


class Decide(Protocol):
    """Decides on reminders."""

    def __call__(self, due: Sequence[Reminder]) -> Decision[Told]:
        """Return the decision. Pure."""


class Reminders:
    """Looks for reminders that are due."""

    def __init__(self, store: ReminderStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Remind for ever."""
        while True:
            told = 0
            with suppress(Unavailable):  # the database is away: requests say so, and this can wait
                told = await self.remind_due()
            if not told:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def remind_due(self) -> int:
        """Remind of what is due now, a batch at most; return of how many values."""
        told = 0
        now = self._clock()
        for tenant, places in (await self._store.due(now)).items():
            actor = Actor(tenant=tenant, name="service:secrets")
            told += await self._store.remind(tenant, places, now, partial(decide, actor=actor, now=now))
        return told


def decide(due: Sequence[Reminder], *, actor: Actor, now: datetime) -> Decision[Told]:
    """Decide on reminders that are due: an event for each value that still has its end, and when the next one is."""
    events: list[AuditEvent] = []
    later: list[tuple[Reminder, datetime]] = []
    over: list[Reminder] = []
    for each in due:
        if each.expires_at is None:
            over.append(each)
            continue
        events.append(_event(each, each.expires_at, actor, now))
        following = next_reminder(each.expires_at, now)
        if following is None:
            over.append(each)
        else:
            later.append((each, following))
    no_event = None if events else NoEvent.ALREADY_SO
    return Decision(answer={}, rows=Told(later=later, over=over), events=events, no_event=no_event)


def _event(reminder: Reminder, expires_at: datetime, actor: Actor, now: datetime) -> AuditEvent:
    days = days_told(expires_at, now)
    ends = f"{expires_at:%Y-%m-%dT%H:%M:%SZ}"
    said = f"within {days} {'day' if days == 1 else 'days'}: ends {ends}" if days else f"ended {ends}"
    return AuditEvent(
        tenant=actor.tenant,
        action=EXPIRING if days else EXPIRED,
        actor=actor.name,
        app=reminder.app,
        app_id=reminder.app_id,
        targets=[reminder.name],
        version=reminder.version,
        reason=said,
        occurred_at=now,
    )
