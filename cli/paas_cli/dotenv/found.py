"""What reading a file of variables gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paas_cli.errors import Failure


@dataclass(frozen=True)
class Found:
    """Values by name in the order of first appearance, and remarks for the user without values in them.

    `lines` has for each name the line that its value was on.
    """

    values: dict[str, str] = field(repr=False)
    remarks: Sequence[str] = ()
    lines: Mapping[str, int] = field(default_factory=dict)


class Collector:
    """Gathers variables line by line, and what is wrong with lines."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._values: dict[str, str] = {}
        self._lines: dict[str, list[int]] = {}
        self._faults: list[str] = []
        self._unfilled: list[str] = []
        self._commented: list[int] = []

    def add(self, name: str, value: str, *, line: int, unfilled: bool = False) -> None:
        """One variable, from `line`. `unfilled`: it has a `${...}` that others might fill in."""
        self._values[name] = value
        self._lines.setdefault(name, []).append(line)
        if unfilled and name not in self._unfilled:
            self._unfilled.append(name)

    def fault(self, line: int, what: str) -> None:
        """Something in `line` that can't be read."""
        self._faults.append(f"line {line} {what}")

    def comment_after_quote(self, line: int) -> None:
        """A comment right after a closing quote, which a shell would take for more of the value."""
        self._commented.append(line)

    def found(self) -> Found:
        """Everything. Raises Failure where a line could not be read: then nothing counts."""
        if self._faults:
            shown = "; ".join(self._faults[:5])
            more = f"; and {len(self._faults) - 5} more" if len(self._faults) > 5 else ""
            raise Failure(f"Nothing was imported from {self._source}: {shown}{more}.")
        remarks = [
            f"{name} is in lines {' and '.join(map(str, lines))}; the last value counts."
            for name, lines in self._lines.items()
            if len(lines) > 1
        ]
        remarks += [f"Line {line}: what follows the closing quote is taken for a comment." for line in self._commented]
        if self._unfilled:
            from paas_cli.typed.assignments import listed

            remarks.append(f"${{...}} is kept as it is written, nothing is filled in ({listed(self._unfilled)}).")
        return Found(self._values, remarks, {name: lines[-1] for name, lines in self._lines.items()})
