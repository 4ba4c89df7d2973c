"""The SQL of making, listing and ending tokens. Returns the domain's dataclasses, never rows or digests.

What the check behind the gateway needs is `check/store.py`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from paaskit.db import Connection, Database
from paaskit.identity import AppScope
from paaskit.requests import Answer, RequestKey
from paaskit.write_path import Change, Decision, Read, WritePath
from services.tokens.domain import Decide, DecideRotation, Found, Place
from services.tokens.rows import COLUMNS, token_of
from services.tokens.rules.sight import Sight
from services.tokens.token import Kind, KnownMaker, Token, TokenRows

_LIVING: Final = "t.revoked_at IS NULL AND t.expires_at > %(now)s"
# Who is limited to some apps sees only what is limited to them as well: to these very apps, whatever their names.
# Whose a token is where no maker is kept is said as in `rows.token_of`.
_VISIBLE: Final = """
    (%(app_ids)s::text[] IS NULL OR t.app_ids <@ %(app_ids)s::text[])
    AND (%(maker)s::text IS NULL
         OR CASE WHEN t.maker_id IS NULL
            THEN %(maker)s = CASE t.kind WHEN 'user' THEN 'user:' || t.name ELSE coalesce(t.maker, t.creator) END
            ELSE t.maker_id = %(maker_id)s::text END)"""

# OFFSET 0 has a name's tokens looked up by the index that has the name, whatever else is said of them: those of a name
# that ended may be many.
_OF_NAME: Final = """
    FROM (SELECT * FROM tokens
          WHERE tenant = %(tenant)s AND kind = %(kind)s AND name = %(name)s AND expires_at > %(now)s OFFSET 0) AS t
    WHERE t.revoked_at IS NULL"""

_LIVING_OF: Final = f"""
    SELECT t.token_id FROM unnest(%(ids)s::text[]) AS asked (token_id)
    CROSS JOIN LATERAL (
        SELECT * FROM tokens WHERE tenant = %(tenant)s AND token_id = asked.token_id OFFSET 0) AS t
    WHERE {_LIVING}"""
_PAGE: Final = f"""
    SELECT {COLUMNS} FROM tokens t
    WHERE t.tenant = %(tenant)s AND t.kind = 'pat' AND {_LIVING} AND {_VISIBLE}
      AND (t.created_at, t.token_id) > (%(created_at)s::timestamptz, %(token_id)s)
    ORDER BY t.created_at, t.token_id LIMIT %(limit)s"""

# Those that ended too, so that what a token could do is known when it can do nothing any more.
_FOUND: Final = f"""
    SELECT {COLUMNS} FROM unnest(%(references)s::text[]) AS asked (reference) CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT * FROM tokens WHERE tenant = %(tenant)s AND token_id = asked.reference OFFSET 0) AS by_id
        UNION ALL
        SELECT * FROM (
            SELECT * FROM tokens
            WHERE tenant = %(tenant)s AND kind = 'pat' AND name = asked.reference AND expires_at > '-infinity'
            ORDER BY tenant DESC, kind DESC, name DESC, expires_at DESC LIMIT %(limit)s) AS by_name) AS t
    WHERE {_VISIBLE} ORDER BY t.created_at DESC, t.token_id LIMIT %(limit)s"""

# Making and revoking take turns within a tenant: a name is taken once, and nothing is made with what is just revoked.
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('tokens:' || %s, 0))"
_PARENT_AND_NAMESAKE: Final = f"""
    SELECT {COLUMNS} FROM tokens t WHERE t.tenant = %(tenant)s AND t.token_id = %(parent_id)s
    UNION
    SELECT {COLUMNS} {_OF_NAME}"""
# Goes through tokens that ended already, because what a person's expired sign-in made may live on.
_FAMILY: Final = f"""
    WITH RECURSIVE chosen AS (
        SELECT t.token_id FROM tokens t
        WHERE t.tenant = %(tenant)s AND t.token_id = %(name)s AND {_LIVING} AND {_VISIBLE}
        UNION
        SELECT t.token_id {_OF_NAME} AND {_VISIBLE}
    ), made AS (
        SELECT token_id FROM chosen
        UNION
        SELECT t.token_id FROM made CROSS JOIN LATERAL (
            SELECT token_id FROM tokens WHERE tenant = %(tenant)s AND parent_id = made.token_id OFFSET 0) AS t
    )
    SELECT {COLUMNS} FROM made CROSS JOIN LATERAL (
        SELECT * FROM tokens WHERE tenant = %(tenant)s AND token_id = made.token_id OFFSET 0) AS t
    WHERE {_LIVING}
    ORDER BY t.token_id NOT IN (SELECT token_id FROM chosen), t.name, t.created_at DESC, t.token_id DESC"""
_OWN: Final = f"SELECT {COLUMNS} FROM tokens t WHERE t.tenant = %(tenant)s AND t.token_id = %(parent_id)s"
# A token itself need not live: what it made, or made of itself by a rotation, goes on for a while of its own.
_LEAKED: Final = f"""
    WITH RECURSIVE made AS (
        SELECT asked.token_id FROM unnest(%(token_ids)s::text[]) AS asked (token_id)
        UNION
        SELECT t.token_id FROM made CROSS JOIN LATERAL (
            SELECT token_id FROM tokens WHERE tenant = %(tenant)s AND parent_id = made.token_id OFFSET 0) AS t
    )
    SELECT {COLUMNS} FROM made CROSS JOIN LATERAL (
        SELECT * FROM tokens WHERE tenant = %(tenant)s AND token_id = made.token_id OFFSET 0) AS t
    WHERE {_LIVING}
    ORDER BY t.token_id <> ALL (%(token_ids)s::text[]), t.name, t.created_at DESC, t.token_id DESC"""
_SIGN_INS: Final = f"SELECT {COLUMNS} {_OF_NAME}"

INSERT: Final = """
    INSERT INTO tokens
        (tenant, token_id, kind, name, digest, permissions, apps, app_ids, creator, maker, maker_id, maker_permissions,
         parent_id, created_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
END: Final = """
    UPDATE tokens SET revoked_at = %s WHERE tenant = %s AND token_id = ANY(%s) AND revoked_at IS NULL"""
_SHORTEN: Final = """
    UPDATE tokens SET expires_at = LEAST(expires_at, %(end)s::timestamptz)
    WHERE tenant = %(tenant)s AND token_id = ANY(%(ids)s) AND revoked_at IS NULL"""

_CHANGED: Final = "AND t.maker_permissions IS DISTINCT FROM %(permissions)s::text[]"
# As many statements as there are kinds of makers, so that each has an index of its own.
_LIMIT_PERSON: Final = f"""
    UPDATE tokens t SET maker_permissions = %(permissions)s
    WHERE t.tenant = %(tenant)s AND t.maker = %(maker)s AND t.maker_id IS NULL AND t.kind = 'pat'
      AND t.revoked_at IS NULL AND t.expires_at > %(at)s {_CHANGED}"""
_LIMIT_MAKER: Final = f"""
    UPDATE tokens t SET maker_permissions = %(permissions)s
    WHERE t.maker_id = %(maker_id)s AND t.tenant = %(tenant)s
      AND t.revoked_at IS NULL AND t.expires_at > %(at)s {_CHANGED}"""
# Trusts give no more either; a tenant has a hundred at most.
_LIMIT_TRUSTS: Final = f"""
    UPDATE trusts t SET maker_permissions = %(permissions)s
    WHERE t.tenant = %(tenant)s AND t.maker_id IS NOT DISTINCT FROM %(maker_id)s::text
      AND (%(maker_id)s::text IS NOT NULL OR t.maker = %(maker)s) {_CHANGED}"""
_OF_MAKER: Final = f"""
    SELECT {COLUMNS} FROM tokens t
    WHERE t.maker_id = %(maker_id)s AND t.tenant = %(tenant)s AND {_LIVING} ORDER BY t.name, t.token_id"""
_MAKERS: Final = "SELECT m.tenant, m.maker_id, m.known FROM makers(%s, %s, %s) m"
_MAKERS_AT_ONCE: Final = 200


class Store:
    """Tokens in PostgreSQL. Implements `services.tokens.domain.TokenStore`."""

    def __init__(self, database: Database, changes: WritePath) -> None:
        self._database = database
        self._changes = changes

    async def living(self, tenant: str, token_ids: Sequence[str], *, now: datetime) -> frozenset[str]:
        """Return which of some tokens, by id, are living."""
        parameters = {"tenant": tenant, "ids": list(token_ids), "now": now}
        return frozenset(row.token_id for row in await self._database.fetch(tenant, _LIVING_OF, parameters))

    async def page(self, tenant: str, *, sight: Sight, after: Place | None, limit: int, now: datetime) -> Found:
        """Return living PATs in sight, oldest first."""
        parameters = {
            "tenant": tenant,
            **_of(sight),
            "created_at": after.created_at if after else "-infinity",
            "token_id": after.token_id if after else "",
            "limit": limit,
            "now": now,
        }
        return [token_of(row) for row in await self._database.fetch(tenant, _PAGE, parameters)]

    async def find(self, tenant: str, references: Sequence[str], *, sight: Sight, limit: int) -> Found:
        """Return tokens in sight by their names or ids, ended ones as well, the newest first."""
        parameters = {"tenant": tenant, **_of(sight), "references": list(references), "limit": limit}
        return [token_of(row) for row in await self._database.fetch(tenant, _FOUND, parameters)]

    async def create(
        self, tenant: str, *, parent_id: str, name: str, now: datetime, request: RequestKey, decide: Decide
    ) -> tuple[Found, Answer]:
        """Change what `decide` says of the token of `parent_id` and the living PAT of `name`."""
        asked = {"parent_id": parent_id, "kind": Kind.PAT.value, "name": name, "now": now}
        return await self._change(tenant, _PARENT_AND_NAMESAKE, asked, decide=decide, request=request)

    async def rotate(
        self,
        tenant: str,
        reference: str,
        *,
        parent_id: str,
        sight: Sight,
        now: datetime,
        request: RequestKey,
        decide: DecideRotation,
    ) -> tuple[Found, Found, Answer]:
        """Change what `decide` says of the token of `parent_id`, and of what `revoke` would."""
        asked = {"parent_id": parent_id, "kind": Kind.PAT.value, "name": reference, **_of(sight), "now": now}
        (own, family), answer = await self._changed(
            tenant, (_OWN, _FAMILY), asked, decide=lambda found: decide(*found), request=request
        )
        return own, family, answer

    async def revoke(self, tenant: str, reference: str, *, sight: Sight, now: datetime, decide: Decide) -> Found:
        """Change what `decide` says of the living tokens of this name or id and the living ones made with them."""
        asked = {"kind": Kind.PAT.value, "name": reference, **_of(sight), "now": now}
        found, _ = await self._change(tenant, _FAMILY, asked, decide=decide)
        return found

    async def leaked(self, tenant: str, token_ids: Sequence[str], *, now: datetime, decide: Decide) -> Found:
        """Change what `decide` says of some tokens and those made with them, of which the living are given; return
        these.
        """
        found, _ = await self._change(tenant, _LEAKED, {"token_ids": list(token_ids), "now": now}, decide=decide)
        return found

    async def sign_in(self, tenant: str, user: str, *, now: datetime, decide: Decide) -> Found:
        """Change what `decide` says of a person's living sign-ins."""
        asked = {"kind": Kind.USER.value, "name": user, "now": now}
        found, _ = await self._change(tenant, _SIGN_INS, asked, decide=decide)
        return found

    async def limit(self, tenant: str, maker_id: str, *, now: datetime, decide: Decide) -> Found:
        """Change what `decide` says of the living tokens of somebody the identity provider knows; return these."""
        found, _ = await self._change(tenant, _OF_MAKER, {"maker_id": maker_id, "now": now}, decide=decide)
        return found

    async def makers(self) -> AsyncIterator[Sequence[KnownMaker]]:
        """Give those the identity provider knows who made tokens that are living, of every tenant, some at a time.

        None where another replica is at it. Raises Unavailable.
        """
        async with self._database.turn("makers") as turn:
            last = ("", "")
            while turn is not None and (rows := await turn.run(_MAKERS, (*last, _MAKERS_AT_ONCE))):
                last = (rows[-1].maker_id, rows[-1].tenant)
                yield [
                    KnownMaker(tenant=row.tenant, maker_id=row.maker_id, permissions=tuple(row.known)) for row in rows
                ]

    async def _change(
        self,
        tenant: str,
        statement: str,
        asked: Mapping[str, Any],
        *,
        decide: Decide,
        request: RequestKey | None = None,
    ) -> tuple[Found, Answer]:
        (found,), answer = await self._changed(
            tenant, (statement,), asked, decide=lambda found: decide(*found), request=request
        )
        return found, answer

    async def _changed(
        self,
        tenant: str,
        statements: Sequence[str],
        asked: Mapping[str, Any],
        *,
        decide: Callable[[Sequence[Found]], Decision[TokenRows]],
        request: RequestKey | None,
    ) -> tuple[Sequence[Found], Answer]:
        """Change what `decide` says of what each of some statements finds; return these."""

        async def look(connection: Connection) -> Read[Sequence[Found]]:
            await connection.execute(LOCK, (tenant,))
            cursors = [await connection.execute(each, {"tenant": tenant, **asked}) for each in statements]

            async def read() -> Sequence[Found]:
                return [[token_of(row) for row in await cursor.fetchall()] for cursor in cursors]

            return read

        async def write(connection: Connection, _: Sequence[Found], rows: TokenRows) -> None:
            if rows.ended:
                await connection.execute(END, (rows.at, tenant, rows.ended))
            if rows.shortened:
                about = {"tenant": tenant, "ids": rows.shortened, "end": rows.shortened_to}
                await connection.execute(_SHORTEN, about)
            for limit in rows.limits:
                about = {"tenant": tenant, "at": rows.at, "permissions": sorted(limit.permissions)}
                if limit.maker_id is None:
                    await connection.execute(_LIMIT_PERSON, {**about, "maker": limit.maker})
                else:
                    await connection.execute(_LIMIT_MAKER, {**about, "maker_id": limit.maker_id})
                await connection.execute(_LIMIT_TRUSTS, {**about, "maker": limit.maker, "maker_id": limit.maker_id})
            if rows.added is not None:
                await connection.execute(INSERT, columns_of(rows.added, rows.digest))

        return await self._changes.make(Change(tenant=tenant, look=look, decide=decide, write=write, request=request))


def _of(sight: Sight) -> Mapping[str, Any]:
    return {
        "app_ids": None if sight.app_ids is None else sorted(sight.app_ids),
        "maker": sight.maker,
        "maker_id": sight.maker_id,
    }


def columns_of(token: Token, digest: bytes) -> Sequence[Any]:
    """Return the parameters of `INSERT`."""
    names, ids = (None, None) if token.apps is None else _pairs(token.apps)
    return (
        token.tenant,
        token.token_id,
        token.kind.value,
        token.name,
        digest,
        sorted(token.granted),
        names,
        ids,
        token.creator,
        token.maker or None,
        token.maker_id,
        None if token.maker_permissions is None else sorted(token.maker_permissions),
        token.parent_id,
        token.created_at,
        token.expires_at,
    )


def _pairs(apps: AppScope) -> tuple[list[str], list[str]]:
    pairs = sorted(apps)
    return [name for name, _ in pairs], [app_id for _, app_id in pairs]
