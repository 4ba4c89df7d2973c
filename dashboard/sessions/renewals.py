"""Renewing what somebody signed in with, once for all pages that ask for it at the same time.

A refresh token is good once, and an identity provider that sees one again takes it for stolen and ends the whole
session (RFC 9700, 4.14.2). So of all pages and replicas one asks, which the database sees to, and the others wait for
what it gets. Nothing is asked while a transaction is open: whoever asks has put a mark before.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

from google.rpc import code_pb2

from dashboard.calls.refusals import Refusal
from dashboard.sessions.content import opened, written
from dashboard.sessions.sealing import Secret, mark_of
from dashboard.sessions.session import Grant, Person, Session, SignedOut
from dashboard.sessions.store import Store, StoredSession
from paaskit.clock import Clock

# Longer than the identity provider and the gateway are waited for; a process that ended meanwhile holds up no more.
_AT_MOST: Final = timedelta(seconds=30)
_LOOK_EVERY_SECONDS: Final = 0.05
_NOT_RENEWED: Final = "Your sign-in can't be renewed right now. Try again in a moment."


class Renewal(Protocol):
    """Gets the next token of somebody from the identity provider."""

    async def renew(self, grant: Grant) -> Grant:
        """Return the next one.

        Raises SignedOut where the provider gives this person none any more, and Refusal where it can't be asked.
        """

    async def person(self, grant: Grant) -> Person:
        """Return whose it is, and what they may do with it. Raises SignedOut, Refusal."""


class Renewals:
    """Renews sessions that are due."""

    def __init__(self, store: Store, renewal: Renewal, *, idle: timedelta, clock: Clock) -> None:
        self._store = store
        self._renewal = renewal
        self._idle = idle
        self._clock = clock

    async def renewed(self, secret: Secret, stored: StoredSession, session: Session) -> Session:
        """Return the session with its next token. Raises SignedOut, Refusal, Unavailable."""
        mark, now = mark_of(stored.sealed), self._clock()
        if not await self._store.claim(mark, now=now, ends_at=now + _AT_MOST):
            return await self._by_another(secret, stored, mark)
        # Whoever visits may go away meanwhile: what the provider gives is kept all the same, since it gives it once.
        return await asyncio.shield(self._ask(secret, stored, session, mark))

    async def _ask(self, secret: Secret, stored: StoredSession, session: Session, mark: bytes) -> Session:
        try:
            grant = await self._renewal.renew(session.grant)
        except SignedOut:
            await self._store.end(secret.row())
            raise
        except Refusal:
            await self._store.take(mark, self._clock())
            raise
        # Before anything else is asked: the token before is worth nothing any more.
        next_session = replace(session, grant=grant)
        sealed = await self._kept(secret, stored.sealed, next_session)
        try:
            person = await self._renewal.person(grant)
        except SignedOut:
            await self._store.end(secret.row())
            raise
        except Refusal:
            # What pages offer is as it was; whether something may be done is decided by who is asked to.
            return next_session
        if (person.tenant, person.subject) != (session.person.tenant, session.person.subject):
            # Somebody else by now, as the provider has it. They begin anew.
            await self._store.end(secret.row())
            raise SignedOut
        next_session = replace(next_session, person=person)
        try:
            await self._kept(secret, sealed, next_session)
        except SignedOut:
            # Unless another page has renewed it by now, and keeps what it was told.
            now = self._clock()
            if await self._store.find(secret.row(), now=now, seen_after=now - self._idle) is None:
                raise
        return next_session

    async def _kept(self, secret: Secret, before: bytes, session: Session) -> bytes:
        sealed = secret.seal(written(session))
        if not await self._store.replace(secret.row(), before=before, after=sealed):
            # Signed out meanwhile.
            raise SignedOut
        return sealed

    async def _by_another(self, secret: Secret, before: StoredSession, mark: bytes) -> Session:
        while True:
            now = self._clock()
            stored = await self._store.find(secret.row(), now=now, seen_after=now - self._idle)
            session = opened(secret, stored, idle=self._idle)
            if stored is None or session is None:
                raise SignedOut
            if stored.sealed != before.sealed:
                return session
            if await self._store.peek(mark, now) is None:
                raise Refusal(code=code_pb2.UNAVAILABLE, sentence=_NOT_RENEWED)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
