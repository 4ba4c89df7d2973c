"""Paging: opaque page tokens that are checked when they come back."""

import base64
import json
from typing import Any

from paaskit.errors import FieldViolation, InvalidInput


def page_size(asked: int, *, default: int, most: int) -> int:
    """Return how many items a page has. Raises InvalidInput for a negative size; more than `most` is `most`."""
    if asked < 0:
        raise InvalidInput("page_size is 0 or more.", fields=[FieldViolation("page_size", "is 0 or more")])
    return min(asked or default, most)


def encode_page(*place: str | int | bool) -> str:
    """Return the token for the page that starts after `place`."""
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode()


def decode_page(token: str, *kinds: type[Any]) -> tuple[Any, ...] | None:
    """Return the place a token stands for, or None for the first page. Raises InvalidInput for one that is not ours."""
    if not token:
        return None
    try:
        place = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        whole = isinstance(place, list) and len(place) == len(kinds)
        if whole and all(type(part) is kind for part, kind in zip(place, kinds, strict=True)):
            return tuple(place)
    except (ValueError, RecursionError):
        pass
    raise InvalidInput(
        "This page token is not one of ours; start again without it.", fields=[FieldViolation("page_token", "unknown")]
    )
