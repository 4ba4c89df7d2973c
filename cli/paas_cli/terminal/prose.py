"""Sentences in the width of a terminal: broken between words, and never inside a command that is to be pasted.

A terminal breaks a long line wherever it ends. A line broken here keeps its words, and what stands in backticks stays
one piece: pasted in two, its first half would run. Where such a piece is wider than all there is, the terminal breaks
it, which copies as one line.
"""

import re
from collections.abc import Callable

# What stands in backticks, with what is written on to it, or a word; and the space before it.
_PIECE = re.compile(r"(\s*)((?:`[^`]*`|[^\s`]|`)+)")


def wrapped(text: str, width: int, *, hanging: int = 0, measure: Callable[[str], int] = len) -> list[str]:
    """The lines of `text`, each at most `width` wide if its pieces allow; all but the first `hanging` further in.

    `measure` gives the width of a piece.
    """
    if measure(text) <= width:
        return [text]
    lines, line, used = [], "", 0
    for space, piece in _PIECE.findall(text):
        wide = measure(piece)
        is_too_wide = hanging > 0 and wide > width - hanging  # and no narrower in the next line
        if line.strip() and used + len(space) + wide > width and not is_too_wide:
            lines.append(line)
            line, used = " " * hanging, hanging
            space = ""  # noqa: PLW2901 - a line starts where its words do
        line += space + piece
        used += len(space) + wide
    return [*lines, line]
