"""`v12` as people type it."""

import re

from paas_cli.errors import Misuse

_RELEASE = re.compile(r"[vV]?([0-9]{1,18})")


def parse(text: str, *, listing: str) -> int:
    """12 for `v12` and for `12`. Raises Misuse for anything else; `listing` is the hint that shows those there are."""
    match = _RELEASE.fullmatch(text)
    if match is None or int(match.group(1)) == 0:
        raise Misuse(f"A release is named like v12; {listing} lists them.")
    return int(match.group(1))
