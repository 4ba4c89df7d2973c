"""A trust in words and as JSON, and the token of a job that is given to be looked at."""

from typing import TYPE_CHECKING

from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal import streams, times
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import Trust

# More than any such token has, and enough to see that what comes is none.
_MOST = 64 * 1024


def document(trust: "Trust") -> dict[str, object]:
    """The trust as JSON shows it; no apps means all of them."""
    return {
        "id": trust.trust_id,
        "name": trust.name,
        "issuer": trust.issuer,
        "provider": trust.provider,
        "audience": trust.audience,
        "subject": trust.subject,
        "claims": {each.claim: each.value for each in trust.conditions},
        "allow_pull_requests": trust.allow_pull_requests,
        "permissions": list(trust.permissions),
        "apps": list(trust.apps),
        "ttl_seconds": trust.ttl.seconds,
        "created_at": times.or_null(trust.created_at),
        "creator": trust.creator,
    }


def given_token(path: str | None, session: Session) -> str:
    """The token of a job, from a file or standard input: one word. Raises Failure where none comes."""
    if path is None or path == "-":
        stdin = session.surroundings.stdin
        if stdin.isatty():
            raise Misuse("Give the token of a job on standard input, or name its file with --token-file.")
        text = streams.read(stdin, _MOST).decode("ascii", "replace")
    else:
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs more to import than what a command imports
                text = file.read(_MOST).decode("ascii", "replace")
        except OSError as error:
            raise Failure(f"{visible(path)} can't be read: {streams.reason(error)}.") from None
    return checked(text, source="standard input" if path in (None, "-") else visible(str(path)))


def checked(text: str, *, source: str) -> str:
    """The token in `text`. Raises Failure where it is not one that a CI system gives; never shows it."""
    token = text.strip()
    if not token:
        raise Failure(f"No token came from {source}.")
    if token.count(".") != 2 or len(token.split()) > 1 or len(token) > 16384:
        raise Failure(f"What came from {source} is no token of a CI system, which is one word in three parts.")
    return token
