"""Where a page of tokens starts. It names a place, never a right: whose rows are seen is settled elsewhere."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from paaskit.errors import FieldViolation, InvalidInput
from paaskit.paging import decode_page, encode_page

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MICROSECONDS: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The last token of a page; the next page starts after it."""

    created_at: datetime
    token_id: str


def page_token_of(place: Place) -> str:
    """Return the opaque text of a place."""
    return encode_page((place.created_at - _EPOCH) // timedelta(microseconds=1), place.token_id)


def place_of(page_token: str) -> Place | None:
    """Return the place a page token stands for; None for the beginning. Raises InvalidInput for any other text."""
    decoded = decode_page(page_token, int, str)
    if decoded is None:
        return None
    microseconds, token_id = decoded
    if not 0 <= microseconds <= _MOST_MICROSECONDS or not token_id.isalnum():
        raise InvalidInput(
            "This page token is not one of ours; start again without it.",
            fields=[FieldViolation("page_token", "unknown")],
        )
    return Place(created_at=_EPOCH + timedelta(microseconds=microseconds), token_id=token_id)
