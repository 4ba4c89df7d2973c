"""Beginning, finding and ending sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from dashboard.sessions.content import opened, written
from dashboard.sessions.renewals import Renewal, Renewals
from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Grant, Kind, Person, Session, SignedOut
from dashboard.sessions.store import Listed, Somebodys, Store
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

    async def begin(
        self,
        person: Person,
        grant: Grant,
        *,
        ends_at: datetime | None,
        kind: Kind = Kind.LINK,
        browser: str = "",
        authenticated_at: datetime | None = None,
    ) -> tuple[Secret, datetime]:
        """Begin a session for somebody who has just signed in; what their browser gets, and when that ends.

        The browser never had it before: what somebody else may have put there is worth nothing. `ends_at` is when what
        they signed in with ends, None where it is renewed. `browser` is what a list of sessions calls it, and
        `authenticated_at` when they proved who they are, None for just now.
        """
        now, secret = self._clock(), Secret.new()
        end = min(now + self._longest, ends_at or datetime.max.replace(tzinfo=now.tzinfo))
        session = Session(
            person=person,
            grant=grant,
            started_at=now,
            ends_at=end,
            authenticated_at=authenticated_at or now,
            idle_at=now + self._idle,
        )
        await self._store.start(
            secret.row(),
            tenant=person.tenant,
            subject=person.subject,
            sealed=secret.seal(written(session)),
            kind=kind,
            browser=browser,
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
        session = opened(secret, stored, idle=self._idle)
        if stored is None or session is None:
            raise SignedOut
        if is_visit and now - stored.seen_at >= _NOTED_EVERY:
            await self._store.seen(secret.row(), now)
            session = replace(session, idle_at=now + self._idle)
        if not session.grant.is_due(now):
            return session
        if self._renewals is None:
            raise SignedOut
        return await self._renewals.renewed(secret, stored, session)

    def ran_out(self, session: Session) -> bool:
        """Whether its token has ended since it was found, which is not to say that the next visit gets none."""
        return session.grant.has_ended(self._clock())

    async def goes_on(self, secret: Secret) -> bool:
        """Whether a browser is signed in. It is no visit: one that is idle ends all the same. Raises Unavailable."""
        now = self._clock()
        return await self._store.find(secret.row(), now=now, seen_after=now - self._idle) is not None

    async def end(self, secret: Secret) -> None:
        """Sign one browser out."""
        await self._store.end(secret.row())

    async def end_all(self, person: Person) -> int:
        """Sign somebody out of all browsers; how many there were."""
        return await self.end_of(person.tenant, person.subject)

    async def end_of(self, tenant: str, subject: str) -> int:
        """Sign somebody of a tenant out of all browsers; how many there were. Who may is asked before."""
        return await self._store.end_all(tenant=tenant, subject=subject, now=self._clock())

    def time_left(self, session: Session) -> Mapping[str, int]:
        """For how long one goes on where nobody visits, after another visit, and at most; in seconds."""
        now = self._clock()
        return {
            "seconds_left": _seconds(min(session.ends_at, session.idle_at) - now),
            "idle_seconds": _seconds(self._idle - _NOTED_EVERY),
            "end_seconds": _seconds(session.ends_at - now),
        }

    def is_fresh(self, session: Session) -> bool:
        """Whether its person has lately proved who they are."""
        return session.is_fresh(self._clock())

    async def of(self, person: Person) -> Sequence[Listed]:
        """All browsers that somebody is signed in with, the one that was seen last first."""
        now = self._clock()
        return await self._store.of(tenant=person.tenant, subject=person.subject, now=now, seen_after=now - self._idle)

    async def of_tenant(self, tenant: str) -> Sequence[Somebodys]:
        """Browsers that people of a tenant are signed in with, by person. Whether the caller may is asked before."""
        now = self._clock()
        return await self._store.of_tenant(tenant, now=now, seen_after=now - self._idle)

    async def end_others(self, person: Person, *, but: bytes, only: bytes | None = None) -> int:
        """Sign somebody out of the other browsers than `but`, or of one of them; how many there were.

        What they gave the identity provider before signs nobody in again.
        """
        return await self._store.end_others(
            tenant=person.tenant, subject=person.subject, but=but, only=only, now=self._clock()
        )

    async def was_ended_since(self, person: Person, authenticated_at: datetime) -> bool:
        """Whether somebody was signed out elsewhere since they proved who they are, or at the same second."""
        ended_at = await self._store.signed_out_at(tenant=person.tenant, subject=person.subject)
        return ended_at is not None and authenticated_at <= ended_at

    async def sweep(self) -> None:
        """Delete what has ended."""
        now = self._clock()
        await self._store.sweep(now, seen_before=now - self._idle)


def _seconds(time: timedelta) -> int:
    return max(0, int(time.total_seconds()))
