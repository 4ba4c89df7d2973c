"""Tables as wide as the terminal they are shown on: cells are cut, and then the least important columns left out.

Elsewhere than on a terminal a row is one line of all its cells, whole and separated by tabs, without a heading.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from paas_cli.terminal.output import Output

_GAP = 2


@dataclass(frozen=True)
class Column:
    """A column. `styles` names a style of `Output.styled` for a cell's own words, `style` one for all of its cells.

    `narrowest` is the least width that its cells may be cut to; 0 where a part of one says nothing. Of several columns
    those with the highest `rank` are left out first, and those of rank 0 never.
    """

    heading: str
    rank: int = 0
    narrowest: int = 0
    style: str = ""
    styles: Mapping[str, str] = field(default_factory=dict)


def write(out: Output, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Write rows of as many cells as there are columns."""
    if not out.is_terminal:
        for row in rows:
            out.line("\t".join(row))
        return
    widths = fit(columns, rows, width=out.width)
    shown = [position for position, wide in enumerate(widths) if wide is not None]
    out.line(out.styled("  ".join(_padded(columns[at].heading, widths[at]) for at in shown).rstrip(), "dim"))
    for row in rows:
        cells = [_styled(out, columns[at], row[at], _padded(row[at], widths[at])) for at in shown]
        out.line("  ".join(cells).rstrip())


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int) -> list[int | None]:
    """The width of each column, None for one that is left out, so that together they fit `width` if they can.

    All of them are in columns of text, one a character.
    """
    whole = [max(len(column.heading), *(len(row[at]) for row in rows)) for at, column in enumerate(columns)]
    least = [
        min(most, max(column.narrowest, len(column.heading))) if column.narrowest else most
        for column, most in zip(columns, whole, strict=True)
    ]
    kept = set(range(len(columns)))
    while _together([least[at] for at in kept]) > width:
        last = max(sorted(kept), key=lambda at: columns[at].rank)
        if not columns[last].rank:
            break
        kept.remove(last)
    widths = {at: whole[at] for at in kept}
    while _together(widths.values()) > width:
        spare = {at: wide for at, wide in widths.items() if wide > least[at]}
        if not spare:
            break
        widths[max(spare, key=lambda at: spare[at])] -= 1
    return [widths.get(at) for at in range(len(columns))]


def is_whole(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int) -> bool:
    """Whether `width` has room for every cell, none cut and no column left out."""
    whole = [max(len(column.heading), *(len(row[at]) for row in rows)) for at, column in enumerate(columns)]
    return _together(whole) <= width


def _together(widths: Collection[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _padded(text: str, wide: int | None) -> str:
    if wide is None or len(text) <= wide:
        return text.ljust(wide or 0)
    return f"{text[: wide - 1]}…"


def _styled(out: Output, column: Column, text: str, padded: str) -> str:
    style = column.styles.get(text) or column.style
    return out.styled(padded, style) if style else padded
