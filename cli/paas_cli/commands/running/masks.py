"""Values taken out of a stream of bytes, wherever its pieces are cut.

Exact values alone: what a program encodes (base64, JSON, a URL) is not known again. Must not keep back what can't
become a value any more, so that a prompt or a line is seen as it is written.
"""

from collections.abc import Iterable

from paas_cli.terminal.output import MASK

# Less is found in any text, and masking it would say where it stands.
SHORTEST = 4
# Of a value of several lines, lines as long as this are masked by themselves, as logs print them.
SHORTEST_LINE = 8
_MASK = MASK.encode()


class Masker:
    """One stream. `feed` gives what may go on, `end` the rest."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value)}
        self._values = sorted((form.encode() for form in forms), key=len, reverse=True)
        self._kept = b""

    def feed(self, data: bytes) -> bytes:
        """The next bytes that may go on; what may be the beginning of a value waits for more."""
        text = self._kept + data
        found = self._found(text)
        end = self._unfinished(text)
        for start, stop in found:
            if start < end < stop:  # what begins in a value must not be cut off it
                end = start
        self._kept = text[end:]
        return _masked(text[:end], [each for each in found if each[1] <= end])

    def end(self) -> bytes:
        """What was kept back."""
        text, self._kept = self._kept, b""
        return _masked(text, self._found(text))

    def _found(self, text: bytes) -> list[tuple[int, int]]:
        """Where values stand; those that touch or overlap are one."""
        places: list[tuple[int, int]] = []
        for value in self._values:
            at = text.find(value)
            while at >= 0:
                places.append((at, at + len(value)))
                at = text.find(value, at + 1)
        merged: list[tuple[int, int]] = []
        for start, stop in sorted(places):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
            else:
                merged.append((start, stop))
        return merged

    def _unfinished(self, text: bytes) -> int:
        """Where the first value may begin that is not all there; the end where none may."""
        first = len(text)
        for value in self._values:
            at = max(0, len(text) - len(value) + 1)
            while at < first:
                at = text.find(value[:1], at, first)
                if at < 0:
                    break
                if value.startswith(text[at:]):
                    first = at
                at += 1
        return first


def _forms(value: str) -> Iterable[str]:
    if len(value.encode()) >= SHORTEST:
        yield value
    # A value that ends a file has a line's end that nobody prints within a line.
    if len((bare := value.strip()).encode()) >= SHORTEST and len(bare.splitlines()) == 1:
        yield bare
    for line in value.splitlines():
        if len((stripped := line.strip()).encode()) >= SHORTEST_LINE:
            yield stripped


def _masked(text: bytes, found: list[tuple[int, int]]) -> bytes:
    out, at = bytearray(), 0
    for start, stop in found:
        out += text[at:start] + _MASK
        at = stop
    return bytes(out + text[at:])
