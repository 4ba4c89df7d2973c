"""A token in words and as JSON, without the token itself."""

from contextlib import suppress
from typing import TYPE_CHECKING

from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.typed import nearness
from paas_cli.typed.credentials import looks_like_one

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import Token

# The reason of google.rpc.ErrorInfo with which tokens refuses a token that is not there.
_NOT_FOUND = "TOKEN_NOT_FOUND"


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


def add_meant(failure: Failure, session: Session, reference: str) -> None:
    """Add to a refusal of a token that is not there which one may have been meant, of those that the caller sees."""
    if failure.details.get("reason") != _NOT_FOUND:
        return
    from paas_cli.commands.tokens.list import fetch

    with suppress(Failure):  # what the service said is enough
        names = [token.name for token in fetch(session)]
        failure.sentence = nearness.asked(failure.sentence, nearness.near(reference, names))


def more(count: int, which: str) -> str:
    """` and 2 tokens made with it`; nothing for none."""
    return f" and {count} {'token' if count == 1 else 'tokens'} {which}" if count else ""
