"""What a task is: what somebody types for it here, and what the documentation of others says they type there.

A step is a line given to a shell. A keystroke is a key pressed: each character of a line, Enter, and what is answered
to questions, where pasting is one key. Nobody is helped by completion, and what is done in a browser is not counted.
"""

from dataclasses import dataclass
from typing import Final

READ_ON: Final = "2026-11-30"
"""When the others' documentation was read."""

PRODUCTS: Final = ("heroku", "gh", "fly", "doppler", "infisical")

PASTE: Final = "(pasted)"
"""An answer that is pasted: a value that nobody types."""


@dataclass(frozen=True)
class Line:
    """A line typed into a shell, and what is answered to its questions: words of the question, and the answer."""

    text: str
    answers: tuple[tuple[str, str], ...] = ()

    @property
    def keystrokes(self) -> int:
        """Keys pressed, Enter after each line and answer among them."""
        return len(self.text) + 1 + sum((1 if answer == PASTE else len(answer)) + 1 for _, answer in self.answers)


@dataclass(frozen=True)
class Way:
    """How it is done: what is typed; `note` says what that leaves out. `source` is where their page says so."""

    lines: tuple[Line, ...]
    source: str = ""
    note: str = ""

    @property
    def steps(self) -> int:
        """How many lines are typed."""
        return len(self.lines)

    @property
    def keystrokes(self) -> int:
        """How many keys are pressed for them."""
        return sum(line.keystrokes for line in self.lines)


@dataclass(frozen=True)
class NotPossible:
    """No command of theirs does it, by the list of all of them or by a sentence of theirs; `why` says which."""

    why: str
    source: str


@dataclass(frozen=True)
class Unknown:
    """No page that was read settles it."""

    why: str = ""


Answer = Way | NotPossible | Unknown


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something that somebody wants done, in the folder of their project, whose app is chosen for all products.

    `theirs` has what is known of each product; what is not in it is unknown. `worse` is why ours takes more steps than
    the best of them, where it does.
    """

    key: str
    words: str
    ours: Way
    theirs: dict[str, Answer]
    worse: str = ""

    def of(self, product: str) -> Answer:
        """What is known of one product."""
        return self.theirs.get(product, Unknown())

    @property
    def best(self) -> int | None:
        """The fewest steps that any of the others takes; None where none is known."""
        return min((way.steps for way in self.theirs.values() if isinstance(way, Way)), default=None)


def typed(*lines: str | Line, note: str = "") -> Way:
    """What is typed here."""
    return Way(_lines(lines), note=note)


def read(source: str, *lines: str | Line, note: str = "") -> Way:
    """What is typed there, as a page of theirs has it."""
    return Way(_lines(lines), source, note)


def _lines(lines: tuple[str | Line, ...]) -> tuple[Line, ...]:
    return tuple(line if isinstance(line, Line) else Line(line) for line in lines)
