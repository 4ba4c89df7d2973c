"""Beginning, finding and ending sessions."""

from datetime import datetime, timedelta
from typing import Final

from dashboard.sessions.content import opened, written
from dashboard.sessions.renewals import Renewal, Renewals
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Grant, Person, Session, SignedOut
from dashboard.sessions.store import Store
from paaskit.clock import Clock

# How often it is noted that a browser was here; to the minute is enough to tell an idle one.
_NOTED_EVERY: Final = timedelta(minutes=1)


class Sessions:
    """Sessions by what their browsers have."""

    def __init__(
        self, store: Store, *, idle: timedelta, longest: timedelta, renewal: Renewal | None, clock: Clock
    ) -> None:
        self._store = store
        self._idle = idle
        self._longest = longest
        self._renewals = Renewals(store, renewal, idle=idle, clock=clock) if renewal is not None else None
        self._clock = clock

    async def begin(self, person: Person, grant: Grant, *, ends_at: datetime | None) -> tuple[Secret, datetime]:
        """Begin a session for somebody who has just signed in; what their browser gets, and when that ends.

        The browser never had it before: what somebody else may have put there is worth nothing. `ends_at` is when what
        they signed in with ends, None where it is renewed.
        """
        now, secret = self._clock(), Secret.new()
        end = min(now + self._longest, ends_at or datetime.max.replace(tzinfo=now.tzinfo))
        session = Session(person=person, grant=grant, started_at=now, ends_at=end)
        await self._store.start(
            secret.row(),
            tenant=person.tenant,
            subject=person.subject,
            sealed=secret.seal(written(session)),
            started_at=now,
            ends_at=end,
        )
        return secret, end

    async def find(self, secret: Secret, *, is_visit: bool = True) -> Session:
        """Return the session of a browser, its token renewed if that is due. Raises SignedOut, Refusal, Unavailable.

        What a page asks for by itself is no visit of a person: a session that nothing else uses ends as an idle one.
        """
        now = self._clock()
        stored = await self._store.find(secret.row(), now=now, seen_after=now - self._idle)
        session = opened(secret, stored)
        if stored is None or session is None:
            raise SignedOut
        if is_visit and now - stored.seen_at >= _NOTED_EVERY:
            await self._store.seen(secret.row(), now)
        if not session.grant.is_due(now):
            return session
        if self._renewals is None:
            raise SignedOut
        return await self._renewals.renewed(secret, stored, session)

    async def goes_on(self, secret: Secret) -> bool:
        """Whether a browser is signed in. It is no visit: one that is idle ends all the same. Raises Unavailable."""
        now = self._clock()
        return await self._store.find(secret.row(), now=now, seen_after=now - self._idle) is not None

    async def end(self, secret: Secret) -> None:
        """Sign one browser out."""
        await self._store.end(secret.row())

    async def end_all(self, person: Person) -> int:
        """Sign somebody out of all browsers; how many there were."""
        return await self._store.end_all(tenant=person.tenant, subject=person.subject)

    async def sweep(self) -> None:
        """Delete what has ended."""
        now = self._clock()
        await self._store.sweep(now, seen_before=now - self._idle)
