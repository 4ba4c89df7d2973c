"""What a token may consist of, so that it can stand in a header (RFC 6750, section 2.1)."""

import re

_BEARER = re.compile(r"[A-Za-z0-9._~+/=-]{1,8192}")


def is_bearer(text: str) -> bool:
    """Whether a text could be a token."""
    return _BEARER.fullmatch(text) is not None
