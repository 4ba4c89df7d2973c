"""The SQL of sessions, and of what is good once: sign-ins that are under way, and links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, LiteralString

from paaskit.db import Database

_START: Final[LiteralString] = """
    INSERT INTO sessions (session, tenant, subject, sealed, kind, browser, started_at, seen_at, ends_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
# More than what a provider's clock may be off by.
CLOCKS_DIFFER: Final = timedelta(minutes=5)
# Nobody has more browsers than that; a program that signs in again and again must not fill the disk.
_MOST_OF_SOMEBODY: Final = 50
_MOST_LINKS_OF_SOMEBODY: Final = 5
_END_OLDEST: Final[LiteralString] = """
    DELETE FROM sessions WHERE session IN (
        SELECT session FROM sessions WHERE tenant = %s AND subject = %s
        ORDER BY seen_at DESC, session OFFSET %s)"""
_FIND: Final[LiteralString] = """
    SELECT sealed, seen_at FROM sessions WHERE session = %s AND ends_at > %s AND seen_at > %s"""
_SEEN: Final[LiteralString] = "UPDATE sessions SET seen_at = %s WHERE session = %s AND seen_at < %s"
_REPLACE: Final[LiteralString] = "UPDATE sessions SET sealed = %s WHERE session = %s AND sealed = %s RETURNING session"
_END: Final[LiteralString] = "DELETE FROM sessions WHERE session = %s"
_END_ALL: Final[LiteralString] = "DELETE FROM sessions WHERE tenant = %s AND subject = %s RETURNING session"
_END_OTHERS: Final[LiteralString] = """
    DELETE FROM sessions WHERE tenant = %s AND subject = %s AND session <> %s AND (%s::bytea IS NULL OR session = %s)
    RETURNING session"""
_OF: Final[LiteralString] = """
    SELECT session, kind, browser, started_at, seen_at, ends_at FROM sessions
    WHERE tenant = %s AND subject = %s AND ends_at > %s AND seen_at > %s ORDER BY seen_at DESC, session"""
MOST_LISTED: Final = 500
_OF_TENANT: Final[LiteralString] = """
    SELECT subject, kind, browser, started_at, seen_at, ends_at FROM sessions
    WHERE tenant = %s AND subject >= 'user:' AND subject LIKE 'user:%%' AND ends_at > %s AND seen_at > %s
    ORDER BY subject, seen_at DESC, session LIMIT %s"""
_SIGN_OUT: Final[LiteralString] = """
    INSERT INTO signed_out (tenant, subject, at) VALUES (%s, %s, %s)
    ON CONFLICT (tenant, subject) DO UPDATE SET at = greatest(signed_out.at, excluded.at)"""
_SIGNED_OUT: Final[LiteralString] = "SELECT at FROM signed_out WHERE tenant = %s AND subject = %s"
_END_LINKS: Final[LiteralString] = "DELETE FROM once WHERE tenant = %s AND subject = %s"
_KEEP: Final[LiteralString] = "INSERT INTO once (id, tenant, subject, sealed, ends_at) VALUES (%s, %s, %s, %s, %s)"
_DROP_OLDEST: Final[LiteralString] = """
    DELETE FROM once WHERE id IN (
        SELECT id FROM once WHERE tenant = %s AND subject = %s ORDER BY ends_at DESC, id OFFSET %s)"""
# Nobody's: it is counted among no links.
_CLAIM: Final[LiteralString] = """
    INSERT INTO once (id, tenant, subject, sealed, ends_at) VALUES (%s, '', '', '', %s)
    ON CONFLICT (id) DO NOTHING RETURNING id"""
_GIVE_UP: Final[LiteralString] = "DELETE FROM once WHERE id = %s AND ends_at <= %s"
_TAKE: Final[LiteralString] = "DELETE FROM once WHERE id = %s AND ends_at > %s RETURNING sealed"
_PEEK: Final[LiteralString] = "SELECT sealed FROM once WHERE id = %s AND ends_at > %s"
_SWEEP: Final[tuple[LiteralString, LiteralString, LiteralString]] = (
    "DELETE FROM sessions WHERE ends_at <= %s OR seen_at <= %s",
    "DELETE FROM once WHERE ends_at <= %s",
    "DELETE FROM signed_out WHERE at <= %s",
)


@dataclass(frozen=True, kw_only=True)
class StoredSession:
    """A row: sealed, and when its browser was last seen."""

    sealed: bytes
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What is told of a session: nothing that anybody could take it up with."""

    session: bytes
    kind: str
    browser: str
    started_at: datetime
    seen_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Somebodys:
    """What an administrator is told of somebody's session: nothing that would name it to end it alone."""

    subject: str
    kind: str
    browser: str
    started_at: datetime
    seen_at: datetime
    ends_at: datetime


class Store:
    """Sessions in PostgreSQL, which all replicas share. It can read none of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(
        self,
        session: bytes,
        *,
        tenant: str,
        subject: str,
        sealed: bytes,
        kind: str,
        browser: str,
        started_at: datetime,
        ends_at: datetime,
    ) -> None:
        """Keep a session that begins. Of somebody who has very many, those that were seen longest ago end."""
        values = (session, tenant, subject, sealed, kind, browser, started_at, started_at, ends_at)
        await self._database.execute(_START, values)
        await self._database.execute(_END_OLDEST, (tenant, subject, _MOST_OF_SOMEBODY))

    async def find(self, session: bytes, *, now: datetime, seen_after: datetime) -> StoredSession | None:
        """Return a session that goes on: before its end, and seen lately."""
        rows = await self._database.fetch_unscoped(_FIND, (session, now, seen_after))
        return StoredSession(sealed=bytes(rows[0].sealed), seen_at=rows[0].seen_at) if rows else None

    async def seen(self, session: bytes, now: datetime) -> None:
        """Note that its browser was here. One that ended meanwhile stays ended."""
        await self._database.execute(_SEEN, (now, session, now))

    async def replace(self, session: bytes, *, before: bytes, after: bytes) -> bool:
        """Put other content in, if it is still what it was; whether it was."""
        return bool(await self._database.execute(_REPLACE, (after, session, before)))

    async def end(self, session: bytes) -> None:
        """End a session, if it goes on."""
        await self._database.execute(_END, (session,))

    async def of(self, *, tenant: str, subject: str, now: datetime, seen_after: datetime) -> Sequence[Listed]:
        """Somebody's sessions that go on."""
        rows = await self._database.fetch_unscoped(_OF, (tenant, subject, now, seen_after))
        return [
            Listed(
                session=bytes(row.session),
                kind=row.kind,
                browser=row.browser,
                started_at=row.started_at,
                seen_at=row.seen_at,
                ends_at=row.ends_at,
            )
            for row in rows
        ]

    async def of_tenant(self, tenant: str, *, now: datetime, seen_after: datetime) -> Sequence[Somebodys]:
        """The first so many sessions of a tenant's people that go on, by person."""
        rows = await self._database.fetch_unscoped(_OF_TENANT, (tenant, now, seen_after, MOST_LISTED))
        return [
            Somebodys(
                subject=row.subject,
                kind=row.kind,
                browser=row.browser,
                started_at=row.started_at,
                seen_at=row.seen_at,
                ends_at=row.ends_at,
            )
            for row in rows
        ]

    async def end_others(self, *, tenant: str, subject: str, but: bytes, only: bytes | None, now: datetime) -> int:
        """End somebody's other sessions, or one of them, and note when; how many there were."""
        await self._database.execute(_SIGN_OUT, (tenant, subject, now))
        return len(await self._database.execute(_END_OTHERS, (tenant, subject, but, only, only)))

    async def signed_out_at(self, *, tenant: str, subject: str) -> datetime | None:
        """When somebody was last signed out elsewhere, as far as that is kept."""
        rows = await self._database.fetch_unscoped(_SIGNED_OUT, (tenant, subject))
        at: datetime | None = rows[0].at if rows else None
        return at

    async def end_all(self, *, tenant: str, subject: str, now: datetime) -> int:
        """End all sessions of somebody, and links that nobody has taken yet; how many sessions there were."""
        await self._database.execute(_SIGN_OUT, (tenant, subject, now))
        await self._database.execute(_END_LINKS, (tenant, subject))
        return len(await self._database.execute(_END_ALL, (tenant, subject)))

    async def keep_once(self, name: bytes, *, tenant: str, subject: str, sealed: bytes, ends_at: datetime) -> None:
        """Keep something that is to be taken once, and the newest few of the same person."""
        await self._database.execute(_KEEP, (name, tenant, subject, sealed, ends_at))
        await self._database.execute(_DROP_OLDEST, (tenant, subject, _MOST_LINKS_OF_SOMEBODY))

    async def claim(self, name: bytes, *, now: datetime, ends_at: datetime) -> bool:
        """Put a mark that nobody else can put until `ends_at`, or until it is taken; whether nobody else had."""
        await self._database.execute(_GIVE_UP, (name, now))
        return bool(await self._database.execute(_CLAIM, (name, ends_at)))

    async def take(self, name: bytes, now: datetime) -> bytes | None:
        """Return it and keep it no more: of two who ask, one gets it."""
        rows = await self._database.execute(_TAKE, (name, now))
        return bytes(rows[0].sealed) if rows else None

    async def peek(self, name: bytes, now: datetime) -> bytes | None:
        """Return it, and keep it."""
        rows = await self._database.fetch_unscoped(_PEEK, (name, now))
        return bytes(rows[0].sealed) if rows else None

    async def sweep(self, now: datetime, *, seen_before: datetime) -> None:
        """Delete what has ended."""
        sessions, once, signed_out = _SWEEP
        await self._database.execute(sessions, (now, seen_before))
        await self._database.execute(once, (now,))
        # What somebody gave the provider before that is too old for a sign-in anyway, however clocks differ.
        await self._database.execute(signed_out, (seen_before - CLOCKS_DIFFER,))
