"""Beginning, finding, renewing and ending sessions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from dashboard.sessions.sealing import Secret
from dashboard.sessions.session import Grant, Person, Session
from dashboard.sessions.store import Store, StoredSession
from paaskit.clock import Clock

# How often it is noted that a browser was here; to the minute is enough to tell an idle one.
_NOTED_EVERY: Final = timedelta(minutes=1)


class SignedOut(Exception):
    """Nobody is signed in with this browser, or not any more."""


class Renewal(Protocol):
    """Gets the next token of somebody from the identity provider."""

    async def renew(self, grant: Grant) -> tuple[Person, Grant]:
        """Return the next one, and what the person may do with it.

        Raises SignedOut where the provider gives this person none any more, and Refusal where it can't be asked.
        """


class Sessions:
    """Sessions by what their browsers have."""

    def __init__(
        self, store: Store, *, idle: timedelta, longest: timedelta, renewal: Renewal | None, clock: Clock
    ) -> None:
        self._store = store
        self._idle = idle
        self._longest = longest
        self._renewal = renewal
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
            sealed=secret.seal(_written(session)),
            started_at=now,
            ends_at=end,
        )
        return secret, end

    async def find(self, secret: Secret) -> Session:
        """Return the session of a browser, its token renewed if that is due. Raises SignedOut, Refusal, Unavailable."""
        now = self._clock()
        stored = await self._store.find(secret.row(), now=now, seen_after=now - self._idle)
        session = _opened(secret, stored)
        if stored is None or session is None:
            raise SignedOut
        if now - stored.seen_at >= _NOTED_EVERY:
            await self._store.seen(secret.row(), now)
        return await self._renewed(secret, stored, session) if session.grant.is_due(now) else session

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

    async def _renewed(self, secret: Secret, stored: StoredSession, session: Session) -> Session:
        if self._renewal is None:
            raise SignedOut
        try:
            person, grant = await self._renewal.renew(session.grant)
        except SignedOut:
            # Two pages asked at once, and the other was first: a refresh token is good once (RFC 9700, 4.14).
            return await self._by_another(secret, stored)
        renewed = replace(session, person=person, grant=grant)
        if await self._store.replace(secret.row(), before=stored.sealed, after=secret.seal(_written(renewed))):
            return renewed
        return await self._by_another(secret, stored)

    async def _by_another(self, secret: Secret, before: StoredSession) -> Session:
        now = self._clock()
        stored = await self._store.find(secret.row(), now=now, seen_after=now - self._idle)
        session = _opened(secret, stored)
        if stored is None or session is None:
            raise SignedOut
        if stored.sealed == before.sealed:
            await self._store.end(secret.row())
            raise SignedOut
        return session


def _written(session: Session) -> dict[str, Any]:
    person, grant = session.person, session.grant
    return {
        "tenant": person.tenant,
        "subject": person.subject,
        "maker": person.maker,
        "permissions": sorted(person.permissions),
        "apps": None if person.apps is None else list(person.apps),
        "bearer": grant.bearer,
        "bearer_ends_at": grant.bearer_ends_at and grant.bearer_ends_at.isoformat(),
        "refresh_token": grant.refresh_token,
        "started_at": session.started_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
    }


def _opened(secret: Secret, stored: StoredSession | None) -> Session | None:
    written = secret.open(stored.sealed) if stored is not None else None
    if written is None:
        return None
    when: Callable[[str], datetime] = datetime.fromisoformat
    return Session(
        person=Person(
            tenant=written["tenant"],
            subject=written["subject"],
            maker=written["maker"],
            permissions=frozenset(written["permissions"]),
            apps=None if written["apps"] is None else tuple(written["apps"]),
        ),
        grant=Grant(
            bearer=written["bearer"],
            bearer_ends_at=when(written["bearer_ends_at"]) if written["bearer_ends_at"] else None,
            refresh_token=written["refresh_token"],
        ),
        started_at=when(written["started_at"]),
        ends_at=when(written["ends_at"]),
    )
