"""The SQL of tokens. Returns the domain's dataclasses, never rows, and never the digest it stores."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from paaskit import requests
from paaskit.audit import AuditEvent
from paaskit.db import Connection, Database, Row
from paaskit.requests import RequestKey
from paaskit.trail import Trail
from services.tokens.domain import Circumstances, Kind, Token
from services.tokens.paging import Place

_COLUMNS: Final = """
    t.tenant, t.token_id, t.kind, t.name, t.permissions, t.apps, t.creator, t.parent_id,
    t.created_at, t.expires_at, t.revoked_at, t.last_used_at"""
_LIVING: Final = "t.revoked_at IS NULL AND t.expires_at > %(now)s"
# Who is limited to some apps sees only what is limited to them as well.
_VISIBLE: Final = "(%(apps)s::text[] IS NULL OR t.apps <@ %(apps)s::text[])"

_BY_DIGEST: Final = f"SELECT {_COLUMNS} FROM tokens t WHERE t.digest = %s"
_BY_ID: Final = f"SELECT {_COLUMNS} FROM tokens t WHERE t.tenant = %s AND t.token_id = %s"
_PAGE: Final = f"""
    SELECT {_COLUMNS} FROM tokens t
    WHERE t.tenant = %(tenant)s AND t.kind = 'pat' AND {_LIVING} AND {_VISIBLE}
      AND (%(created_at)s::timestamptz IS NULL OR (t.created_at, t.token_id) > (%(created_at)s, %(token_id)s))
    ORDER BY t.created_at, t.token_id LIMIT %(limit)s"""

# Making and revoking take turns within a tenant: a name is taken once, and nothing is made with what is just revoked.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('tokens:' || %s, 0))"
_CIRCUMSTANCES: Final = f"""
    SELECT {_COLUMNS} FROM tokens t
    WHERE t.tenant = %(tenant)s
      AND (t.token_id = %(parent_id)s OR (t.name = %(name)s AND t.kind = 'pat' AND {_LIVING}))"""
_INSERT: Final = """
    INSERT INTO tokens
        (tenant, token_id, kind, name, digest, permissions, apps, creator, parent_id, created_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_END_SIGN_INS: Final = """
    UPDATE tokens SET revoked_at = %(now)s
    WHERE tenant = %(tenant)s AND kind = 'user' AND name = %(user)s AND creator = %(creator)s
      AND revoked_at IS NULL AND expires_at > %(now)s"""
# Goes through tokens that ended already, because what a person's expired sign-in made may live on.
_REVOKE: Final = f"""
    WITH RECURSIVE chosen AS (
        SELECT t.token_id FROM tokens t
        WHERE t.tenant = %(tenant)s AND {_LIVING} AND {_VISIBLE}
          AND (t.token_id = %(reference)s OR (t.name = %(reference)s AND t.kind = 'pat'))
    ), made AS (
        SELECT token_id FROM chosen
        UNION
        SELECT t.token_id FROM tokens t JOIN made ON t.parent_id = made.token_id WHERE t.tenant = %(tenant)s
    )
    UPDATE tokens t SET revoked_at = %(now)s
    WHERE t.tenant = %(tenant)s AND t.token_id IN (SELECT token_id FROM made) AND {_LIVING}
    RETURNING {_COLUMNS}, t.token_id IN (SELECT token_id FROM chosen)"""
_USED: Final = """
    UPDATE tokens t SET last_used_at = used.at
    FROM unnest(%(ids)s::text[], %(times)s::timestamptz[]) AS used (token_id, at)
    WHERE t.tenant = %(tenant)s AND t.token_id = used.token_id
      AND (t.last_used_at IS NULL OR t.last_used_at < used.at)"""


class Store:
    """Tokens in PostgreSQL."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail

    async def find_by_digest(self, digest: bytes) -> Token | None:
        """Return the token of this digest, of whatever tenant. One round trip: every request at the edge waits."""
        rows = await self._database.fetch_presenting(
            "paas.token_digest", digest.hex(), statement=_BY_DIGEST, parameters=(digest,)
        )
        return _token(rows[0]) if rows else None

    async def find(self, tenant: str, token_id: str) -> Token | None:
        """Return a token by its id, living or not."""
        rows = await self._database.fetch(tenant, _BY_ID, (tenant, token_id))
        return _token(rows[0]) if rows else None

    async def page(
        self, tenant: str, *, apps: frozenset[str] | None, after: Place | None, limit: int, now: datetime
    ) -> Sequence[Token]:
        """Return living PATs, oldest first, of those limited to `apps` where that is given."""
        parameters = {
            "tenant": tenant,
            "apps": _array(apps),
            "created_at": after and after.created_at,
            "token_id": after and after.token_id,
            "limit": limit,
            "now": now,
        }
        return [_token(row) for row in await self._database.fetch(tenant, _PAGE, parameters)]

    @asynccontextmanager
    async def change(self, tenant: str) -> AsyncIterator["TenantChange"]:
        """Begin a transaction on a tenant's tokens; it is committed at the end of the block."""
        async with self._database.transaction(tenant) as connection:
            await connection.execute(_LOCK, (tenant,))
            yield TenantChange(connection, tenant=tenant, trail=self._trail)
        self._trail.committed()

    async def note_uses(self, tenant: str, uses: Mapping[str, datetime]) -> None:
        """Keep when tokens of a tenant, by id, were last used."""
        parameters = {"tenant": tenant, "ids": list(uses), "times": list(uses.values())}
        async with self._database.transaction(tenant) as connection:
            await connection.execute(_USED, parameters)


class TenantChange:
    """One transaction on a tenant's tokens; see `services.tokens.domain.Change`."""

    def __init__(self, connection: Connection, *, tenant: str, trail: Trail) -> None:
        self._connection = connection
        self._tenant = tenant
        self._trail = trail

    async def circumstances(self, *, parent_id: str, name: str, key: RequestKey, now: datetime) -> Circumstances:
        """Look up what a new token depends on, in one round trip."""
        recall = await requests.begin_recall(self._connection, [key])
        cursor = await self._connection.execute(
            _CIRCUMSTANCES, {"tenant": self._tenant, "parent_id": parent_id, "name": name, "now": now}
        )
        made_before = (await requests.finish_recall(recall)).answer(key) is not None
        tokens = [_token(row) for row in await cursor.fetchall()]
        return Circumstances(
            parent=next((token for token in tokens if token.token_id == parent_id), None),
            namesake=next(
                (each for each in tokens if each.name == name and each.kind is Kind.PAT and each.is_living(now)), None
            ),
            made_before=made_before,
        )

    async def add(self, token: Token, digest: bytes) -> None:
        """Store a token under the digest of its text."""
        await self._connection.execute(
            _INSERT,
            (
                token.tenant,
                token.token_id,
                token.kind.value,
                token.name,
                digest,
                sorted(token.permissions),
                _array(token.apps),
                token.creator,
                token.parent_id,
                token.created_at,
                token.expires_at,
            ),
        )

    async def end_sign_ins(self, user: str, *, creator: str, now: datetime) -> None:
        """Revoke the sign-ins that `creator` issued for a person, not what was made with them."""
        await self._connection.execute(
            _END_SIGN_INS, {"tenant": self._tenant, "user": user, "creator": creator, "now": now}
        )

    async def revoke(self, reference: str, *, apps: frozenset[str] | None, now: datetime) -> Sequence[Token]:
        """Revoke the living token of this name or id and all made with it; it comes first."""
        parameters = {"tenant": self._tenant, "reference": reference, "apps": _array(apps), "now": now}
        cursor = await self._connection.execute(_REVOKE, parameters)
        rows = sorted(await cursor.fetchall(), key=lambda row: (not row[-1], row[3]))
        return [_token(row[:-1]) for row in rows]

    async def record(self, event: AuditEvent) -> None:
        """Keep an audit event with the change."""
        await self._trail.add(self._connection, event)

    async def remember(self, key: RequestKey, token: Token) -> None:
        """Keep that this request made this token."""
        await requests.remember(self._connection, key, tenant=self._tenant, answer={"token_id": token.token_id})


def _array(apps: frozenset[str] | None) -> list[str] | None:
    return None if apps is None else sorted(apps)


def _token(row: Row) -> Token:
    tenant, token_id, kind, name, permissions, apps, creator, parent_id, *times = row
    created_at, expires_at, revoked_at, last_used_at = times
    return Token(
        tenant=tenant,
        token_id=token_id,
        kind=Kind(kind),
        name=name,
        permissions=frozenset(permissions),
        apps=None if apps is None else frozenset(apps),
        creator=creator,
        parent_id=parent_id,
        created_at=created_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
        last_used_at=last_used_at,
    )
