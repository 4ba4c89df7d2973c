"""Where a command's words go: aligned and coloured on a terminal, plain and stable elsewhere.

The only way to a terminal: all that is written there goes through `terminal.text`, but for the colours put on here.
Elsewhere text stays exact, and who writes lines there keeps them lines with `terminal.text.visible`. Must not import
rich; what needs a progress bar does that itself.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import TextIO

from paas_cli.terminal.text import visible, visible_json, visible_lines

# Exactly sixteen, whatever is behind them.
MASK = "•" * 16

_WIDTH = 80

_STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
}


class Output:
    """One stream: standard output or standard error.

    `has_escaped` is set once `raw` has shown something otherwise than it is.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        # https://no-color.org: present and not empty means no colour.
        self.has_colour = self.is_terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self.has_escaped = False
        self._columns = environ.get("COLUMNS", "")
        # What tells colours put on here from those that came with a text: nobody can have guessed it.
        self._seal = os.urandom(8).hex()
        self._sealed = re.compile(rf"\x1b{self._seal}([0-9;]*)m")

    @property
    def width(self) -> int:
        """How many columns of text a line has: COLUMNS, else the terminal's own, else 80."""
        if self._columns.isascii() and self._columns.isdigit() and int(self._columns) > 0:
            return int(self._columns)
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or _WIDTH
        except (OSError, ValueError):  # no terminal, or a stream without a descriptor
            return _WIDTH

    def styled(self, text: str, *styles: str) -> str:
        """`text` in a colour where there are any. `styles` are keys such as `bold` or `green`."""
        if not self.has_colour or not text:
            return text
        return f"\x1b{self._seal}{';'.join(_STYLES[style] for style in styles)}m{text}\x1b{self._seal}0m"

    def line(self, text: str = "") -> None:
        """Write one line; on a terminal it is one whatever it holds."""
        self.stream.write(self._shown(text) + "\n")

    def prose(self, text: str, *, hanging: int = 0) -> None:
        """Write sentences: one line, or on a terminal as many as they need, broken between words.

        All but the first start `hanging` columns in.
        """
        if not self.is_terminal:
            self.line(text)
            return
        from paas_cli.terminal.prose import wrapped

        for paragraph in text.split("\n"):
            start = hanging or len(paragraph) - len(paragraph.lstrip(" "))
            for line in wrapped(paragraph, self.width, hanging=start, measure=self._wide):
                self.line(line)

    def _wide(self, text: str) -> int:
        """How many columns `text` takes, without its colours."""
        return len(visible(self._sealed.sub("", text)))

    def raw(self, text: str) -> None:
        """Write exactly `text`; on a terminal its lines, with escapes for what a terminal would obey."""
        shown = visible_lines(text) if self.is_terminal else text
        self.has_escaped = self.has_escaped or shown != text
        self.stream.write(shown)

    def _shown(self, text: str) -> str:
        if not self.is_terminal:
            return text
        parts = self._sealed.split(text)  # text and colours by turns
        return "".join(f"\x1b[{part}m" if at % 2 else visible(part) for at, part in enumerate(parts))

    def flush(self) -> None:
        """Hand everything written to the system."""
        self.stream.flush()

    def json(self, document: object, *, indent: int | None = 2) -> None:
        """Write one JSON document."""
        import json

        text = json.dumps(document, ensure_ascii=False, indent=indent)
        self.stream.write((visible_json(text) if self.is_terminal else text) + "\n")

    def names(self, app: str, names: Sequence[str], *, as_json: bool) -> None:
        """Names one a line, what is live of an app; or as one JSON document."""
        if as_json:
            self.json({"app": app, "names": list(names)})
            return
        for name in names:
            self.line(visible(name))

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Named facts, one a line: `name: value`, the values aligned on a terminal."""
        width = max(len(name) for name, _ in pairs) + 1 if self.is_terminal else 0
        for name, value in pairs:
            label = f"{name}:".ljust(width)
            self.prose(f"{self.styled(label, 'dim')} {value}".rstrip(), hanging=width + 1)
