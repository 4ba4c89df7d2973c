"""Make text from elsewhere harmless on a terminal.

A name, a description or a value may hold escape sequences that move the cursor, rename the window or hide what comes
after. `output` has everything that goes to a terminal go through here. Must not be applied to values that go to a file
or a pipe: those stay exact.
"""

import re

# C0 and C1 controls and DEL; soft hyphen; what has no width or joins; line and paragraph separators; the characters
# that turn reading order (CVE-2021-42574 showed what those can hide); byte order mark, annotations, tags; and halves of
# surrogate pairs. The services refuse the same in names (paaskit/limits.py), save that these can't reach them.
OBEYED = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
)
_UNSAFE = re.compile(f"[{OBEYED}\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    number = ord(char)
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return _SHORT.get(char) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def visible(text: str) -> str:
    """`text` on one line, each character that would be obeyed or not be seen as a programmer would write it."""
    return _UNSAFE.sub(_escaped, text)


def visible_lines(text: str) -> str:
    """The same, with its lines kept."""
    return "\n".join(map(visible, text.split("\n")))


def visible_json(document: str) -> str:
    """A JSON document that means the same, with the escapes that JSON has."""
    return "\n".join(_UNSAFE.sub(_json_escaped, line) for line in document.split("\n"))


def _json_escaped(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
