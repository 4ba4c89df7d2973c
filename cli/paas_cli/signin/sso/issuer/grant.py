"""What a token endpoint answers (RFC 6749, section 5.1), as far as it is used."""

from dataclasses import dataclass, field

from paas_cli.errors import Failure
from paas_cli.signin.profile import check_token
from paas_cli.signin.sso.issuer.https import IssuerError

_MOST_SECONDS = 366 * 24 * 3600


@dataclass(frozen=True)
class Grant:
    """An access token good for `seconds`; `idle_seconds` is how long the session waits for its renewal, if told."""

    access_token: str = field(repr=False)
    seconds: int
    refresh_token: str | None = field(repr=False)
    idle_seconds: int | None


def read(document: dict[str, object]) -> Grant:
    """The grant in an answer. Raises IssuerError where it is none that can be used."""
    token, kind = document.get("access_token"), document.get("token_type")
    if not isinstance(token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise IssuerError("it answers without a bearer token")
    try:
        check_token(token, source="the issuer")
    except Failure:
        raise IssuerError("it answers with a token that can't be sent") from None
    refresh = document.get("refresh_token")
    return Grant(
        access_token=token,
        seconds=_seconds(document.get("expires_in")) or 60,  # where it is not told, it is soon
        refresh_token=refresh if isinstance(refresh, str) and refresh else None,
        idle_seconds=_seconds(document.get("refresh_expires_in")),
    )


def _seconds(value: object) -> int | None:
    """A number of seconds that makes sense, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_SECONDS else None
