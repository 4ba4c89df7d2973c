"""A token in words and as JSON, without the token itself."""

from typing import TYPE_CHECKING

from paas_cli import times
from paas_cli.credentials import looks_like_one
from paas_cli.errors import Misuse
from paas_cli.session import Session

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


def check_reference(token: str, session: Session) -> None:
    """Raise Misuse for a token's text in the place of its name: it would end up in the log of a request."""
    if token.startswith("paas_pat_") or looks_like_one("", token):
        listing = session.hint("tokens:list", about_app=False)
        raise Misuse(f"Name the token by its name or id, not by its text; {listing} shows both.")


def more(count: int, which: str) -> str:
    """` and 2 tokens made with it`; nothing for none."""
    return f" and {count} {'token' if count == 1 else 'tokens'} {which}" if count else ""
