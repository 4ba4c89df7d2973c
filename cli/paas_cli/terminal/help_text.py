"""The help of a command in the width there is: text is wrapped, tables keep their columns, examples their lines."""

import re
from collections.abc import Iterator

from paas_cli.terminal.prose import wrapped

# A line of a table: a word or a few, their column's end, what it means.
_ROW = re.compile(r"( +\S+(?: \S+)* {2,})(\S.*)")
_INDENT = "  "


def lines(text: str, width: int) -> Iterator[str]:
    """The lines of a docstring without its indentation, each at most `width` wide unless it is an example."""
    for block in _blocks(text):
        row = _ROW.fullmatch(block)
        if block.startswith(" ") and row is None:
            yield _INDENT + block
        else:
            yield from wrapped(_INDENT + block, width, hanging=len(_INDENT) + (len(row.group(1)) if row else 0))


def _blocks(text: str) -> list[str]:
    """What belongs on one line if it were long enough: a paragraph, a row of a table, an example."""
    blocks = [""]
    for line in text.splitlines():
        is_in_row = _ROW.fullmatch(blocks[-1]) and line.startswith(" " * 8)
        if is_in_row or (_is_sentence(blocks[-1]) and _is_sentence(line)):
            blocks[-1] += f" {line.strip()}"
        else:
            blocks.append(line)
    return blocks[1:]


def _is_sentence(line: str) -> bool:
    return bool(line) and not line.startswith(" ")
