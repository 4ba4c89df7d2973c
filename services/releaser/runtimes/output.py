"""What a failing program wrote, without the values of its variables.

A program that fails often prints what it was given. Whatever of it equals a value, plain or as JSON, URLs and base64
have it, is replaced; what a program made of a value by other means can't be known.
"""

import base64
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from paaskit.redact import MASK
from services.releaser.runtimes.protocol import DesiredRelease

# Of shorter values too much would be masked for anything to be understood, and little is given away.
_SHORTEST: Final = 3
_LONGEST_LINE: Final = 400
_LINES: Final = 20
_BYTES_READ: Final = 16_384


def written_since(log: Path, start: int) -> str:
    """Return the end of what was written to a log file from the byte `start` on; empty where it can't be read."""
    try:
        with log.open("rb") as file:
            end = log.stat().st_size
            file.seek(max(start, end - _BYTES_READ))
            text = file.read(_BYTES_READ).decode("utf-8", "replace")
            # A line that was cut off at its beginning may begin with the rest of a value.
            return text if end - _BYTES_READ <= start else text.partition("\n")[2]
    except OSError:
        return ""


def masked(output: str, desired: DesiredRelease) -> str:
    """Return the last lines of what was written, every variable's value masked, each of 400 characters at most."""
    # The longest first: one value may be a part of another.
    values = {form for value in desired.variables.values() for form in _forms(value.reveal())}
    for form in sorted(values, key=len, reverse=True):
        output = output.replace(form, MASK)
    return "\n".join(line[:_LONGEST_LINE] for line in output.splitlines()[-_LINES:])


def _forms(value: str) -> Iterator[str]:
    for text in {value, *value.splitlines()}:
        if len(text) < _SHORTEST:
            continue
        yield text
        yield json.dumps(text)[1:-1]
        yield repr(text)[1:-1]
        yield urllib.parse.quote(text, safe="")
        yield urllib.parse.quote_plus(text)
        yield base64.b64encode(text.encode()).decode().rstrip("=")
        yield base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
