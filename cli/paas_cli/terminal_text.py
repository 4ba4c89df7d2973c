"""Make text from elsewhere harmless on one line of a terminal.

A name, a description or a value may hold escape sequences that move the cursor, rename the window or hide
what comes after. Must not be applied to values that go to a file or a pipe: those stay exact.
"""

import re

# C0 and C1 controls, line and paragraph separators, and the characters that reverse reading order
# (CVE-2021-42574 showed what those can hide).
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    return _SHORT.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}")


def visible(text: str) -> str:
    """`text` on one line, each control character replaced by how a programmer would write it."""
    return _UNSAFE.sub(_escaped, text)
