"""The SQL of tokens. Returns the domain's dataclasses, never rows, and never the digest it stores."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from paaskit.db import Connection, Database, Row
from paaskit.identity import AppScope
from paaskit.requests import Answer, RequestKey
from paaskit.write_path import Change, Read, WritePath
from services.tokens.domain import Decide, Found, Place
from services.tokens.token import Kind, Token, TokenRows

_COLUMNS: Final = """
    t.tenant, t.token_id, t.kind, t.name, t.permissions, t.apps, t.app_ids, t.creator, t.parent_id,
    t.created_at, t.expires_at, t.revoked_at, t.last_used_at"""
_LIVING: Final = "t.revoked_at IS NULL AND t.expires_at > %(now)s"
# Who is limited to some apps sees only what is limited to them as well: to these very apps, whatever their names.
_VISIBLE: Final = "(%(app_ids)s::text[] IS NULL OR t.app_ids <@ %(app_ids)s::text[])"

_BY_DIGEST: Final = f"SELECT {_COLUMNS} FROM tokens t WHERE t.digest = %s"
_BY_ID: Final = f"SELECT {_COLUMNS} FROM tokens t WHERE t.tenant = %s AND t.token_id = %s"
_PAGE: Final = f"""
    SELECT {_COLUMNS} FROM tokens t
    WHERE t.tenant = %(tenant)s AND t.kind = 'pat' AND {_LIVING} AND {_VISIBLE}
      AND (%(created_at)s::timestamptz IS NULL OR (t.created_at, t.token_id) > (%(created_at)s, %(token_id)s))
    ORDER BY t.created_at, t.token_id LIMIT %(limit)s"""

# Making and revoking take turns within a tenant: a name is taken once, and nothing is made with what is just revoked.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('tokens:' || %s, 0))"
_PARENT_AND_NAMESAKE: Final = f"""
    SELECT {_COLUMNS} FROM tokens t WHERE t.tenant = %(tenant)s AND t.token_id = %(parent_id)s
    UNION
    SELECT {_COLUMNS} FROM tokens t
    WHERE t.tenant = %(tenant)s AND t.name = %(name)s AND t.kind = 'pat' AND {_LIVING}"""
# Goes through tokens that ended already, because what a person's expired sign-in made may live on.
_FAMILY: Final = f"""
    WITH RECURSIVE chosen AS (
        SELECT t.token_id FROM tokens t
        WHERE t.tenant = %(tenant)s AND {_LIVING} AND {_VISIBLE}
          AND (t.token_id = %(reference)s OR (t.name = %(reference)s AND t.kind = 'pat'))
    ), made AS (
        SELECT token_id FROM chosen
        UNION
        SELECT t.token_id FROM tokens t JOIN made ON t.parent_id = made.token_id WHERE t.tenant = %(tenant)s
    )
    SELECT {_COLUMNS} FROM made JOIN tokens t ON t.tenant = %(tenant)s AND t.token_id = made.token_id
    WHERE {_LIVING}
    ORDER BY t.token_id NOT IN (SELECT token_id FROM chosen), t.name, t.token_id"""
_SIGN_INS: Final = f"""
    SELECT {_COLUMNS} FROM tokens t
    WHERE t.tenant = %(tenant)s AND t.name = %(user)s AND t.kind = 'user' AND {_LIVING}"""

_INSERT: Final = """
    INSERT INTO tokens
        (tenant, token_id, kind, name, digest, permissions, apps, app_ids, creator, parent_id, created_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_END: Final = """
    UPDATE tokens SET revoked_at = %s WHERE tenant = %s AND token_id = ANY(%s) AND revoked_at IS NULL"""
_USED: Final = """
    UPDATE tokens t SET last_used_at = used.at
    FROM unnest(%(ids)s::text[], %(times)s::timestamptz[]) AS used (token_id, at)
    WHERE t.tenant = %(tenant)s AND t.token_id = used.token_id
      AND (t.last_used_at IS NULL OR t.last_used_at < used.at)"""


class Store:
    """Tokens in PostgreSQL. Implements `services.tokens.domain.TokenStore`."""

    def __init__(self, database: Database, changes: WritePath) -> None:
        self._database = database
        self._changes = changes

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
        self, tenant: str, *, app_ids: frozenset[str] | None, after: Place | None, limit: int, now: datetime
    ) -> Found:
        """Return living PATs, oldest first, of those limited to apps of `app_ids` where that is given."""
        parameters = {
            "tenant": tenant,
            "app_ids": _array(app_ids),
            "created_at": after and after.created_at,
            "token_id": after and after.token_id,
            "limit": limit,
            "now": now,
        }
        return [_token(row) for row in await self._database.fetch(tenant, _PAGE, parameters)]

    async def create(
        self, tenant: str, *, parent_id: str, name: str, now: datetime, request: RequestKey, decide: Decide
    ) -> tuple[Found, Answer]:
        """Change what `decide` says of the token of `parent_id` and the living PAT of `name`."""
        asked = {"parent_id": parent_id, "name": name, "now": now}
        return await self._change(tenant, _PARENT_AND_NAMESAKE, asked, decide=decide, request=request)

    async def revoke(
        self, tenant: str, reference: str, *, app_ids: frozenset[str] | None, now: datetime, decide: Decide
    ) -> Found:
        """Change what `decide` says of the living token of this name or id and the living ones made with it."""
        asked = {"reference": reference, "app_ids": _array(app_ids), "now": now}
        found, _ = await self._change(tenant, _FAMILY, asked, decide=decide)
        return found

    async def sign_in(self, tenant: str, user: str, *, now: datetime, decide: Decide) -> Found:
        """Change what `decide` says of a person's living sign-ins."""
        found, _ = await self._change(tenant, _SIGN_INS, {"user": user, "now": now}, decide=decide)
        return found

    async def note_uses(self, tenant: str, uses: Mapping[str, datetime]) -> None:
        """Keep when tokens of a tenant, by id, were last used."""
        parameters = {"tenant": tenant, "ids": list(uses), "times": list(uses.values())}
        async with self._database.transaction(tenant) as connection:
            await connection.execute(_USED, parameters)

    async def _change(
        self,
        tenant: str,
        statement: str,
        asked: Mapping[str, Any],
        *,
        decide: Decide,
        request: RequestKey | None = None,
    ) -> tuple[Found, Answer]:
        async def look(connection: Connection) -> Read[Found]:
            await connection.execute(_LOCK, (tenant,))
            cursor = await connection.execute(statement, {"tenant": tenant, **asked})

            async def read() -> Found:
                return [_token(row) for row in await cursor.fetchall()]

            return read

        async def write(connection: Connection, _: Found, rows: TokenRows) -> None:
            if rows.ended:
                await connection.execute(_END, (rows.at, tenant, rows.ended))
            if rows.added is not None:
                await connection.execute(_INSERT, _columns(rows.added, rows.digest))

        return await self._changes.make(Change(tenant=tenant, look=look, decide=decide, write=write, request=request))


def _array(app_ids: frozenset[str] | None) -> list[str] | None:
    return None if app_ids is None else sorted(app_ids)


def _columns(token: Token, digest: bytes) -> Sequence[Any]:
    names, ids = (None, None) if token.apps is None else _pairs(token.apps)
    return (
        token.tenant,
        token.token_id,
        token.kind.value,
        token.name,
        digest,
        sorted(token.permissions),
        names,
        ids,
        token.creator,
        token.parent_id,
        token.created_at,
        token.expires_at,
    )


def _pairs(apps: AppScope) -> tuple[list[str], list[str]]:
    pairs = sorted(apps)
    return [name for name, _ in pairs], [app_id for _, app_id in pairs]


def _token(row: Row) -> Token:
    apps = None
    if row.apps is not None:
        # Tokens of before apps were told apart by their ids have names alone, and so reach none.
        apps = frozenset(zip(row.apps, row.app_ids or [""] * len(row.apps), strict=True))
    return Token(
        tenant=row.tenant,
        token_id=row.token_id,
        kind=Kind(row.kind),
        name=row.name,
        permissions=frozenset(row.permissions),
        apps=apps,
        creator=row.creator,
        parent_id=row.parent_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
