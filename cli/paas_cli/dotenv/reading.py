"""Read a .env file as people write them.

The dialect is that of the product's behaviour page: `export`, spaces round `=`, CRLF, a byte order mark,
comments, three kinds of quotes, values of several lines, escapes in double quotes alone, and no interpolation. Where
readers differ, a line is read as most of them do (`docs/dotenv.md`); one that can't be read is an error, never passed
over. Must not put any part of the file into an error: a line that is out of place may be the inside of a private key.
"""

import re
from typing import Final

from paas_cli.dotenv.found import Collector, Found

# White space as readers know it, no-break spaces among it: editors and web pages put them where nobody sees them.
_BLANK: Final = " \t\v\f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NAME = re.compile(rf"(?:export[{_BLANK}]+)?([A-Za-z_][A-Za-z0-9_]*)[{_BLANK}]*=[{_BLANK}]*")
_OTHER_NAME = re.compile(rf"(?:export[{_BLANK}]+)?[\w.\[\]-]+[{_BLANK}]*=")
_START = re.compile(rf"[{_BLANK}\r\n]*")
_NOTHING = re.compile(rf"[{_BLANK}\r]*(?:#|\n|\Z)")
_COMMENT = re.compile(rf"[{_BLANK}]#.*", re.DOTALL)
_ENDS = re.compile(rf"[{_BLANK}]")
_TRAILING = re.compile(rf"[{_BLANK}\r]+\Z")
_LONE_RETURN = re.compile(r"\r(?!\r*(?:\n|\Z))")
_ESCAPE = re.compile(r"\\([nrt\\\"$`])")
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
    """LF throughout where every line ends with CRLF, or with CR; else a CR in a quoted value is part of the value."""
    if "\n" not in text:
        return text.replace("\r", "\n")
    if text.count("\n") == text.count("\r\n"):
        return text.replace("\r\n", "\n")
    return text


def _line_after(text: str, position: int) -> int:
    """Where the next line begins."""
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _statement(text: str, start: int, *, line: int, collector: Collector) -> int:
    """Read one statement and return where the next begins."""
    next_line = _line_after(text, start)
    first = _START.match(text, start, next_line).end()  # type: ignore[union-attr]  # it matches nothing as well
    if first == next_line:
        return next_line
    if text[first] == "#":
        _check_returns(text[first:next_line], line, collector)
        return next_line
    named = _NAME.match(text, first, next_line)
    if named is None:
        collector.fault(line, _no_statement(text[first:next_line]))
        return next_line
    begin = named.end()
    if begin < len(text) and text[begin] in "'\"`":
        return _quoted(text, begin, name=named.group(1), line=line, collector=collector)
    if _check_returns(text[begin:next_line], line, collector):
        value = _bare(text[begin:next_line], after_blank=_ENDS.match(text[begin - 1]) is not None)
        collector.add(named.group(1), value, line=line, unfilled="${" in value)
    return next_line


def _no_statement(line: str) -> str:
    if line.startswith("\ufeff"):
        return "begins with a byte order mark, which only a file may"
    if _OTHER_NAME.match(line):
        return "has a name that no variable can have (letters, digits and _, not starting with a digit)"
    return "is not NAME=value"


def _check_returns(part: str, line: int, collector: Collector) -> bool:
    """Whether no carriage return is left in a line: some readers end it there, and what follows would be lost."""
    if _LONE_RETURN.search(part) is None:
        return True
    collector.fault(line, "has a carriage return in it: write a line feed, or the value in quotes")
    return False


def _bare(text: str, *, after_blank: bool) -> str:
    """A value without quotes: up to a `#` after white space, blanks at its end dropped."""
    if after_blank and text.startswith("#"):
        return ""
    return _TRAILING.sub("", _COMMENT.sub("", text.rstrip("\r\n")))


def _quoted(text: str, begin: int, *, name: str, line: int, collector: Collector) -> int:
    """A value in quotes, which may go on over several lines."""
    quote = text[begin]
    pattern = {"'": _IN_SINGLE_QUOTES, '"': _IN_DOUBLE_QUOTES, "`": _IN_BACKTICKS}[quote]
    inside = pattern.match(text, begin + 1)
    if inside is None:
        collector.fault(line, "opens a quote that is never closed")
        return len(text)  # whatever follows may be inside the quote
    next_line = _line_after(text, inside.end())
    last = line + text.count("\n", begin, inside.end())
    if (fault := _after_quote(text, inside, next_line)) is not None:
        collector.fault(last, fault)
        return next_line
    if not _check_returns(text[inside.end() : next_line], last, collector):
        return next_line
    if text.startswith("#", inside.end()):
        collector.comment_after_quote(last)
    value, unfilled = inside.group(1), False
    if quote == "'":
        value = value.replace("'\\''", "'")
    elif quote == '"':
        unfilled = re.search(r"(?<!\\)\$\{", value) is not None
        value = _ESCAPE.sub(lambda found: _ESCAPES.get(found.group(1), found.group(1)), value)
    collector.add(name, value, line=line, unfilled=unfilled)
    return next_line


def _after_quote(text: str, inside: re.Match[str], next_line: int) -> str | None:
    """What is wrong with what follows a closing quote on its line."""
    if _NOTHING.match(text, inside.end(), next_line):
        return None
    if inside.group().endswith("\\'"):
        return "has \\' in single quotes, which readers take for different things: use double quotes"
    if not inside.group(1) and text[inside.end()] == text[inside.end() - 1]:
        return "has three quotes in a row, which readers take for different things: use one"
    return "goes on after the closing quote"
