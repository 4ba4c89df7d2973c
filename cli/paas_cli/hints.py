"""A command to paste, in backticks. It repeats what was given, or it would do its work elsewhere.

Must not repeat a value: only the app and the profile, which choose where a command acts.
"""

import re

_SAFE = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")


def command(words: str, *, app: str | None = None, profile: str | None = None) -> str:
    """`paas WORDS -a APP --profile NAME`, as far as the two are given."""
    parts = ["paas", words]
    if app is not None:
        parts += ["-a", quoted(app)]
    if profile is not None:
        parts += ["--profile", quoted(profile)]
    return f"`{' '.join(parts)}`"


def quoted(text: str) -> str:
    """`text` as one word of a shell."""
    if _SAFE.fullmatch(text):
        return text
    from shlex import quote

    from paas_cli.terminal_text import visible

    return quote(visible(text))
