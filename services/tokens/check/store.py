"""The SQL of the check: tokens by what was presented, and when they were last used. It can neither make nor end one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from paaskit.db import Database, Row
from services.tokens.rows import COLUMNS, token_of
from services.tokens.token import Token

_BY_DIGEST: Final = f"SELECT {COLUMNS} FROM tokens t WHERE t.digest = %s"
_BY_DIGESTS: Final = f"SELECT t.digest, {COLUMNS} FROM tokens t WHERE t.digest = ANY(%s)"
_USED: Final = """
    UPDATE tokens t SET last_used_at = used.at
    FROM unnest(%(ids)s::text[], %(times)s::timestamptz[]) AS used (token_id, at)
    WHERE t.tenant = %(tenant)s AND t.token_id = used.token_id
      AND (t.last_used_at IS NULL OR t.last_used_at < used.at)"""


class PresentedTokens:
    """Tokens in PostgreSQL, of whatever tenant, to whoever presents their digests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_by_digest(self, digest: bytes) -> Token | None:
        """Return the token of this digest, of whatever tenant. One round trip: every request at the edge waits."""
        rows = await self._presenting([digest], _BY_DIGEST, digest)
        return token_of(rows[0]) if rows else None

    async def find_by_digests(self, digests: Sequence[bytes]) -> Mapping[bytes, Token]:
        """Return the tokens that there are of these digests, by digest, of whatever tenants."""
        rows = await self._presenting(digests, _BY_DIGESTS, list(digests))
        return {row.digest: token_of(row) for row in rows}

    async def note_uses(self, tenant: str, uses: Mapping[str, datetime]) -> None:
        """Keep when tokens of a tenant, by id, were last used."""
        parameters = {"tenant": tenant, "ids": list(uses), "times": list(uses.values())}
        async with self._database.transaction(tenant) as connection:
            await connection.execute(_USED, parameters)

    async def _presenting(self, digests: Sequence[bytes], statement: str, parameter: Any) -> list[Row]:
        presented = ",".join(digest.hex() for digest in digests)
        return await self._database.fetch_presenting(
            "paas.token_digest", presented, statement=statement, parameters=(parameter,)
        )
