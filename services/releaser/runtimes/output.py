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


class Mask:
    """The values of releases, to be masked in what their instances wrote. `releases` are those it knows of."""

    def __init__(self, *known: DesiredRelease) -> None:
        self.releases: set[int] = set()
        self._forms: list[str] = []
        for desired in known:
            self.add(desired)

    def add(self, desired: DesiredRelease) -> None:
        """Mask the values of this release as well."""
        self.releases.add(desired.release)
        values = {form for value in desired.variables.values() for form in _forms(value.reveal())}
        # The longest first: one value may be a part of another.
        self._forms = sorted(values.union(self._forms), key=len, reverse=True)

    def applied(self, text: str) -> str:
        """Return `text` with every value masked."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text


def masked(output: str, desired: DesiredRelease) -> str:
    """Return the last lines of what was written, every variable's value masked, each of 400 characters at most."""
    lines = Mask(desired).applied(output).splitlines()[-_LINES:]
    return "\n".join(line[:_LONGEST_LINE] for line in lines)


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
