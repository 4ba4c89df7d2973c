"""The SQL of trusts, and of what is given for tokens of CI systems. Returns the domain's dataclasses, never rows."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from paaskit.db import Connection, Database, Row
from paaskit.requests import Answer, RequestKey
from paaskit.write_path import Change, Decision, Read, WritePath
from services.tokens.rows import COLUMNS, token_of
from services.tokens.rules.sight import Sight
from services.tokens.store import END, INSERT, LOCK, columns_of
from services.tokens.token import Token
from services.tokens.trusts.trust import Provider, Trust, TrustPlace, TrustRows

_COLUMNS: Final = """
    r.tenant, r.trust_id, r.name, r.issuer, r.provider, r.audience, r.subject, r.claims, r.claim_values,
    r.allow_pull_requests, r.permissions, r.apps, r.app_ids, r.ttl_seconds, r.maker, r.maker_id, r.maker_permissions,
    r.parent_id, r.created_at"""
# Who sees which is as with tokens: see `services.tokens.store`.
_VISIBLE: Final = """
    (%(app_ids)s::text[] IS NULL OR r.app_ids <@ %(app_ids)s::text[])
    AND (%(maker)s::text IS NULL
         OR CASE WHEN r.maker_id IS NULL THEN r.maker = %(maker)s ELSE r.maker_id = %(maker_id)s::text END)"""
_PRESENTED: Final = f"SELECT {_COLUMNS} FROM trusts r WHERE r.trust_id = %s"
_LIST: Final = f"""
    SELECT {_COLUMNS} FROM trusts r
    WHERE r.tenant = %(tenant)s AND {_VISIBLE}
      AND (r.created_at, r.trust_id) > (%(created_at)s::timestamptz, %(trust_id)s)
    ORDER BY r.created_at, r.trust_id LIMIT %(limit)s"""
_MEANT: Final = f"""
    SELECT {_COLUMNS} FROM trusts r
    WHERE r.tenant = %(tenant)s AND (r.name = %(reference)s OR r.trust_id = %(reference)s) AND {_VISIBLE}"""
_ALL: Final = f"SELECT {_COLUMNS} FROM trusts r WHERE r.tenant = %(tenant)s"
_ONE: Final = f"SELECT {_COLUMNS} FROM trusts r WHERE r.tenant = %(tenant)s AND r.trust_id = %(trust_id)s"
_MADE_WITH: Final = f"""
    SELECT {_COLUMNS} FROM trusts r
    WHERE r.tenant = %(tenant)s AND r.parent_id = ANY(%(parents)s::text[]) ORDER BY r.name"""
_SIGN_IN: Final = f"SELECT {COLUMNS} FROM tokens t WHERE t.tenant = %(tenant)s AND t.token_id = %(parent_id)s"
_USE: Final = "SELECT x.mark FROM exchanges x WHERE x.tenant = %(tenant)s AND x.mark = %(mark)s"
_GIVEN_LATELY: Final = """
    SELECT count(*) AS given FROM exchanges x
    WHERE x.tenant = %(tenant)s AND x.trust_id = %(trust_id)s AND x.exchanged_at > %(since)s"""
# What was given lives for minutes, and what was made with it no longer.
_GIVEN: Final = f"""
    WITH RECURSIVE made AS (
        SELECT x.token_id FROM exchanges x
        WHERE x.tenant = %(tenant)s AND x.trust_id = ANY(%(trusts)s::text[]) AND x.exchanged_at > %(since)s
        UNION
        SELECT t.token_id FROM made CROSS JOIN LATERAL (
            SELECT token_id FROM tokens WHERE tenant = %(tenant)s AND parent_id = made.token_id OFFSET 0) AS t
    )
    SELECT {COLUMNS} FROM made CROSS JOIN LATERAL (
        SELECT * FROM tokens WHERE tenant = %(tenant)s AND token_id = made.token_id OFFSET 0) AS t
    WHERE t.revoked_at IS NULL AND t.expires_at > %(now)s
    ORDER BY t.name, t.token_id"""

_ADD: Final = """
    INSERT INTO trusts
        (tenant, trust_id, name, issuer, provider, audience, subject, claims, claim_values, allow_pull_requests,
         permissions, apps, app_ids, ttl_seconds, maker, maker_id, maker_permissions, parent_id, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_REMOVE: Final = "DELETE FROM trusts WHERE tenant = %s AND trust_id = ANY(%s)"
_NOTE_USE: Final = """
    INSERT INTO exchanges (tenant, mark, trust_id, token_id, exchanged_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s)"""
EXPIRE: Final = "SELECT expire_exchanges(%s) AS rows"
"""Drops as many marks of what has ended; says how many that were."""

_LONGEST: Final = timedelta(minutes=15)

DecideMaking = Callable[[Sequence[Token], Sequence[Trust]], Decision[TrustRows]]
DecideEnd = Callable[[Sequence[Trust], Sequence[Token]], Decision[TrustRows]]


class TrustStore:
    """Trusts in PostgreSQL. Changes of a tenant's trusts and tokens take turns: nothing is given by what just ended."""

    def __init__(self, database: Database, changes: WritePath) -> None:
        self._database = database
        self._changes = changes

    async def presented(self, trust_id: str) -> Trust | None:
        """Return the trust of this id, of whatever tenant."""
        rows = await self._database.fetch_presenting(
            "paas.trust", trust_id, statement=_PRESENTED, parameters=(trust_id,)
        )
        return _trust_of(rows[0]) if rows else None

    async def page(self, tenant: str, *, sight: Sight, after: TrustPlace | None, limit: int) -> Sequence[Trust]:
        """Return trusts in sight, oldest first."""
        about = {
            "tenant": tenant,
            **_of(sight),
            "created_at": after.created_at if after else "-infinity",
            "trust_id": after.trust_id if after else "",
            "limit": limit,
        }
        return [_trust_of(row) for row in await self._database.fetch(tenant, _LIST, about)]

    async def meant(self, tenant: str, reference: str, *, sight: Sight) -> Trust | None:
        """Return the trust of this name or id that is in sight."""
        about = {"tenant": tenant, "reference": reference, **_of(sight)}
        rows = await self._database.fetch(tenant, _MEANT, about)
        return _trust_of(rows[0]) if rows else None

    async def one(self, tenant: str, trust_id: str) -> Trust | None:
        """Return the tenant's trust of this id."""
        rows = await self._database.fetch(tenant, _ONE, {"tenant": tenant, "trust_id": trust_id})
        return _trust_of(rows[0]) if rows else None

    async def was_used(self, tenant: str, mark: bytes) -> bool:
        """Return whether a token of a CI system was exchanged."""
        return bool(await self._database.fetch(tenant, _USE, {"tenant": tenant, "mark": mark}))

    async def create(self, tenant: str, *, parent_id: str, request: RequestKey, decide: DecideMaking) -> Answer:
        """Change what `decide` says of the sign-in of `parent_id` and of all trusts there are.

        An equal request's answer is given again. Raises InvalidInput where the request id was used differently.
        """
        about = {"tenant": tenant, "parent_id": parent_id}

        async def look(connection: Connection) -> Read[tuple[Sequence[Token], Sequence[Trust]]]:
            await connection.execute(LOCK, (tenant,))
            parents = await connection.execute(_SIGN_IN, about)
            trusts = await connection.execute(_ALL, about)

            async def read() -> tuple[Sequence[Token], Sequence[Trust]]:
                found = [token_of(row) for row in await parents.fetchall()]
                return found, [_trust_of(row) for row in await trusts.fetchall()]

            return read

        _, answer = await self._changes.make(
            Change(
                tenant=tenant,
                look=look,
                decide=lambda found: decide(*found),
                write=self._write(tenant),
                request=request,
            )
        )
        return answer

    async def end(self, tenant: str, reference: str, *, sight: Sight, now: datetime, decide: DecideEnd) -> None:
        """Change what `decide` says of the trust of this name or id that is in sight, and of the tokens it gave."""
        about = {"tenant": tenant, "reference": reference, **_of(sight)}
        await self._end(tenant, _MEANT, about, now=now, decide=decide)

    async def end_made_with(self, tenant: str, parents: Sequence[str], *, now: datetime, decide: DecideEnd) -> None:
        """Change what `decide` says of the trusts made with these sign-ins, and of the tokens they gave."""
        await self._end(tenant, _MADE_WITH, {"tenant": tenant, "parents": list(parents)}, now=now, decide=decide)

    async def exchange(
        self, trust: Trust, mark: bytes, *, now: datetime, decide: Callable[..., Decision[TrustRows]]
    ) -> Trust | None:
        """Change what `decide` says of a trust as it is now, whether a token was exchanged, and how many were given.

        Returns the trust.
        """
        tenant = trust.tenant
        about = {"tenant": tenant, "trust_id": trust.trust_id, "mark": mark, "since": now - _LONGEST}

        async def look(connection: Connection) -> Read[tuple[Trust | None, bool, int]]:
            await connection.execute(LOCK, (tenant,))
            trusts = await connection.execute(_ONE, about)
            uses = await connection.execute(_USE, about)
            given = await connection.execute(_GIVEN_LATELY, about)

            async def read() -> tuple[Trust | None, bool, int]:
                found, used = await trusts.fetchall(), bool(await uses.fetchall())
                (count,) = await given.fetchall()
                return (_trust_of(found[0]) if found else None), used, int(count.given)

            return read

        change: Change[tuple[Trust | None, bool, int], TrustRows] = Change(
            tenant=tenant,
            look=look,
            decide=lambda each: decide(each[0], was_used=each[1], given=each[2]),
            write=self._write(tenant),
        )
        (found, _, _), _ = await self._changes.make(change)
        return found

    async def _end(
        self, tenant: str, statement: str, about: dict[str, Any], *, now: datetime, decide: DecideEnd
    ) -> None:
        async def look(connection: Connection) -> Read[tuple[Sequence[Trust], Sequence[Token]]]:
            await connection.execute(LOCK, (tenant,))
            trusts = await connection.execute(statement, about)

            async def read() -> tuple[Sequence[Trust], Sequence[Token]]:
                found = [_trust_of(row) for row in await trusts.fetchall()]
                ids = [trust.trust_id for trust in found]
                limits = {"tenant": tenant, "trusts": ids, "since": now - _LONGEST, "now": now}
                given = await connection.execute(_GIVEN, limits)
                return found, [token_of(row) for row in await given.fetchall()]

            return read

        await self._changes.make(
            Change(tenant=tenant, look=look, decide=lambda found: decide(*found), write=self._write(tenant))
        )

    @staticmethod
    def _write(tenant: str) -> Callable[[Connection, Any, TrustRows], Any]:
        async def write(connection: Connection, _: Any, rows: TrustRows) -> None:
            if rows.added is not None:
                await connection.execute(_ADD, _columns_of(rows.added))
            if rows.ended:
                await connection.execute(_REMOVE, (tenant, list(rows.ended)))
            if rows.ended_tokens:
                await connection.execute(END, (rows.at, tenant, list(rows.ended_tokens)))
            if rows.given is not None and rows.used is not None:
                used = rows.used
                row = (tenant, used.mark, used.trust_id, used.token_id, used.at, used.expires_at)
                await connection.execute(_NOTE_USE, row)
                await connection.execute(INSERT, columns_of(rows.given, rows.digest))

        return write


def _of(sight: Sight) -> dict[str, Any]:
    return {
        "app_ids": None if sight.app_ids is None else sorted(sight.app_ids),
        "maker": sight.maker,
        "maker_id": sight.maker_id,
    }


def _trust_of(row: Row) -> Trust:
    return Trust(
        tenant=row.tenant,
        trust_id=row.trust_id,
        name=row.name,
        issuer=row.issuer,
        provider=Provider(row.provider),
        audience=row.audience,
        subject=row.subject,
        conditions=tuple(zip(row.claims, row.claim_values, strict=True)),
        allow_pull_requests=row.allow_pull_requests,
        granted=frozenset(row.permissions),
        apps=None if row.apps is None else frozenset(zip(row.apps, row.app_ids, strict=True)),
        ttl=timedelta(seconds=row.ttl_seconds),
        maker=row.maker,
        maker_id=row.maker_id,
        maker_permissions=frozenset(row.maker_permissions),
        parent_id=row.parent_id,
        created_at=row.created_at,
    )


def _columns_of(trust: Trust) -> Sequence[Any]:
    apps = None if trust.apps is None else sorted(trust.apps)
    return (
        trust.tenant,
        trust.trust_id,
        trust.name,
        trust.issuer,
        trust.provider.value,
        trust.audience,
        trust.subject,
        [claim for claim, _ in trust.conditions],
        [value for _, value in trust.conditions],
        trust.allow_pull_requests,
        sorted(trust.granted),
        None if apps is None else [name for name, _ in apps],
        None if apps is None else [app_id for _, app_id in apps],
        int(trust.ttl.total_seconds()),
        trust.maker,
        trust.maker_id,
        sorted(trust.maker_permissions),
        trust.parent_id,
        trust.created_at,
    )
