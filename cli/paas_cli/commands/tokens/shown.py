"""A token in words and as JSON, without the token itself."""

from typing import TYPE_CHECKING

from paas_cli import times

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import Token


def document(token: "Token") -> dict[str, object]:
    """The token as JSON shows it; no apps means all of them."""
    return {
        "id": token.token_id,
        "name": token.name,
        "permissions": list(token.permissions),
        "apps": list(token.apps),
        "created_at": times.or_null(token.created_at),
        "expires_at": times.or_null(token.expires_at),
        "last_used_at": times.or_null(token.last_used_at),
        "creator": token.creator,
    }
