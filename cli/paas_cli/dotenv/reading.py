"""Read a .env file as people write them.

The dialect is that of the product's behaviour page: `export`, spaces round `=`, CRLF, a byte order mark,
comments, three kinds of quotes, values of several lines, escapes in double quotes alone, and no interpolation. A line
that can't be read is an error, never passed over. Must not put any part of the file into an error: a line that is
out of place may be the inside of a private key.
"""

import re

from paas_cli.dotenv.found import Collector, Found

_BLANK = " \t\v\f"
_NAME = re.compile(r"(?:export[ \t\v\f]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t\v\f]*=[ \t\v\f]*")
_REST = re.compile(r"[ \t\v\f\r]*(?:$|\n|(?<=[ \t\v\f])#[^\n]*(?:\n|$))")
_COMMENT = re.compile(r"[ \t\v\f]#.*", re.DOTALL)
_ESCAPE = re.compile(r"\\([nrt\\\"'$`])")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_IN_DOUBLE_QUOTES = re.compile(r'((?:\\.|[^"\\])*)"', re.DOTALL)
# A shell's way to put ' inside '...': end, escaped quote, begin. In a .env it could mean nothing else.
_IN_SINGLE_QUOTES = re.compile(r"((?:[^']|'\\'')*)'")
_IN_BACKTICKS = re.compile(r"([^`]*)`")


def read(text: str, *, source: str) -> Found:
    """The variables of a .env file. Raises Failure naming the lines that can't be read.

    `source` names the file in errors.
    """
    text = _line_breaks(text.removeprefix("\ufeff"))
    collector = Collector(source)
    position, line = 0, 1
    while position < len(text):
        end = _statement(text, position, line=line, collector=collector)
        line += text.count("\n", position, end)
        position = end
    return collector.found()


def _line_breaks(text: str) -> str:
    """LF throughout where every line ends with CRLF; else a CR in a quoted value is part of the value."""
    if "\r\n" in text and text.count("\n") == text.count("\r\n"):
        return text.replace("\r\n", "\n")
    return text


def _line_after(text: str, position: int) -> int:
    """Where the next line begins."""
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _statement(text: str, start: int, *, line: int, collector: Collector) -> int:
    """Read one statement and return where the next begins."""
    next_line = _line_after(text, start)
    first = start
    while first < next_line and text[first] in _BLANK + "\r\n":
        first += 1
    if first == next_line or text[first] == "#":
        return next_line
    named = _NAME.match(text, first, next_line)
    if named is None:
        collector.fault(line, "is not NAME=value")
        return next_line
    begin = named.end()
    if begin < len(text) and text[begin] in "'\"`":
        return _quoted(text, begin, name=named.group(1), line=line, collector=collector)
    value = _bare(text[begin:next_line], after_blank=text[begin - 1] in _BLANK)
    collector.add(named.group(1), value, line=line, unfilled="${" in value)
    return next_line


def _bare(text: str, *, after_blank: bool) -> str:
    """A value without quotes: up to a `#` after white space, blanks at its end dropped."""
    if after_blank and text.startswith("#"):
        return ""
    return _COMMENT.sub("", text.rstrip("\r\n")).rstrip(_BLANK + "\r")


def _quoted(text: str, begin: int, *, name: str, line: int, collector: Collector) -> int:
    """A value in quotes, which may go on over several lines."""
    quote = text[begin]
    pattern = {"'": _IN_SINGLE_QUOTES, '"': _IN_DOUBLE_QUOTES, "`": _IN_BACKTICKS}[quote]
    inside = pattern.match(text, begin + 1)
    if inside is None:
        collector.fault(line, "opens a quote that is never closed")
        return len(text)  # whatever follows may be inside the quote
    rest = _REST.match(text, inside.end())
    if rest is None:
        last = line + text.count("\n", begin, inside.end())
        collector.fault(last, "goes on after the closing quote")
        return _line_after(text, inside.end())
    value, unfilled = inside.group(1), False
    if quote == "'":
        value = value.replace("'\\''", "'")
    elif quote == '"':
        unfilled = re.search(r"(?<!\\)\$\{", value) is not None
        value = _ESCAPE.sub(lambda found: _ESCAPES.get(found.group(1), found.group(1)), value)
    collector.add(name, value, line=line, unfilled=unfilled)
    return rest.end()
