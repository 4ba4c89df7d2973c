"""Values masked in what a program writes: as they are, and as JSON, URLs, hex and base64 have them.

It keeps a value that is printed by accident out of a conversation. A program that is made to print one in a way of its
own is not kept from it: no mask can.
"""

import base64
import json
import urllib.parse
from collections.abc import Iterable, Iterator

from paas_cli.commands.running.masks import SHORTEST, Masker


def masker(values: Iterable[str]) -> Masker:
    """A mask for one stream."""
    return Masker({form for value in values for form in _forms(value)})


def _forms(value: str) -> Iterator[str]:
    yield value
    raw = value.strip().encode()
    if len(raw) < SHORTEST:
        return
    yield json.dumps(value.strip())[1:-1]
    yield json.dumps(value.strip(), ensure_ascii=False)[1:-1]
    yield urllib.parse.quote(raw, safe="")
    yield urllib.parse.quote_plus(raw)
    yield raw.hex()
    yield raw.hex().upper()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        # The ends depend on what stands around the value; what lies between is the same wherever it stands.
        whole = encoded[4 if shift else 0 : (shift + len(raw)) // 3 * 4].decode()
        if len(whole) >= 2 * SHORTEST:
            yield whole
            yield whole.replace("+", "-").replace("/", "_")
