"""A command to paste, in backticks. It repeats what was given, or it would do its work elsewhere.

Must not repeat a value: only the app, the profile and the environment, which choose where a command acts.
"""

import re

_SAFE = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")


def command(words: str, *, app: str | None = None, profile: str | None = None, env: str | None = None) -> str:
    """`paas WORDS -a APP --profile NAME --env NAME`, as far as these are given."""
    parts = ["paas", words]
    if app is not None:
        parts += ["-a", quoted(app)]
    if profile is not None:
        parts += ["--profile", quoted(profile)]
    if env is not None:
        parts += ["--env", quoted(env)]
    return f"`{' '.join(parts)}`"


def quoted(text: str) -> str:
    """`text` as one word of a shell."""
    if _SAFE.fullmatch(text):
        return text
    from shlex import quote

    from paas_cli.terminal.text import visible

    return quote(visible(text))
