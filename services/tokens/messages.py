"""What several of this service's methods translate: a token, and a length of time."""

from datetime import timedelta
from typing import Final

from google.protobuf.duration_pb2 import Duration
from paas.tokens.v1 import tokens_pb2

from services.tokens.token import Token

_LONGEST: Final = timedelta(days=100_000)


def ttl_of(duration: Duration) -> timedelta:
    """Return a length of time, in whole seconds."""
    # Durations reach further than Python's; whatever is far beyond the limit is refused as one thing.
    return timedelta(seconds=min(max(0, duration.seconds), int(_LONGEST.total_seconds())))


def token_to_proto(token: Token) -> tokens_pb2.Token:
    """Return what may be known of a token without having it."""
    message = tokens_pb2.Token(
        token_id=token.token_id,
        name=token.name,
        permissions=sorted(token.permissions),
        apps=token.app_names,
        creator=token.creator,
        maker=token.maker,
        kind=token.identity_kind,
        granted=sorted(token.granted),
    )
    message.created_at.FromDatetime(token.created_at)
    message.expires_at.FromDatetime(token.expires_at)
    if token.last_used_at is not None:
        message.last_used_at.FromDatetime(token.last_used_at)
    if token.revoked_at is not None:
        message.revoked_at.FromDatetime(token.revoked_at)
    return message
