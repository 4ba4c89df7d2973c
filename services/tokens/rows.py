"""What a token is as a row, for every statement that reads one. Never its digest."""

from typing import Final

from paaskit.db import Row
from services.tokens.token import Kind, Token

COLUMNS: Final = """
    t.tenant, t.token_id, t.kind, t.name, t.permissions, t.apps, t.app_ids, t.creator, t.maker, t.maker_id,
    t.maker_permissions, t.parent_id, t.created_at, t.expires_at, t.revoked_at, t.last_used_at"""
"""What is read of a token, from `tokens t`."""


def token_of(row: Row) -> Token:
    """Return the token that a row with these columns is."""
    apps = None
    if row.apps is not None:
        # Tokens of before apps were told apart by their ids have names alone, and so reach none.
        apps = frozenset(zip(row.apps, row.app_ids or [""] * len(row.apps), strict=True))
    kind = Kind(row.kind)
    return Token(
        tenant=row.tenant,
        token_id=row.token_id,
        kind=kind,
        name=row.name,
        granted=frozenset(row.permissions),
        apps=apps,
        creator=row.creator,
        # A replica of before this was kept may still make tokens without it.
        maker=row.maker or (row.creator if kind is Kind.PAT else ""),
        maker_id=row.maker_id,
        maker_permissions=None if row.maker_permissions is None else frozenset(row.maker_permissions),
        parent_id=row.parent_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
