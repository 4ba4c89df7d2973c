"""Word click's complaints about a command line without quoting what could be a secret.

A secret lands outside its place easily: `paas secrets:get NAME sk_live_...`. So arguments are counted, not
shown, and an unknown option is named only where it looks like one.
"""

import re
from typing import Any

import click

from paas_cli.terminal.text import visible

_NEAR = 0.6
_OPTION = re.compile(r"-[A-Za-z]|--[a-z]{1,12}(?:-[a-z]{1,12}){0,3}")


def sentence(error: click.UsageError) -> str:
    """The complaint, ending as a sentence does."""
    if isinstance(error, click.NoSuchOption):
        return _unknown_option(error)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        is_option = isinstance(error.param, click.Option)
        name = error.param.opts[-1] if is_option else error.param.human_readable_name.rstrip(".")
        return f"{name} is missing."
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{error.param.opts[-1]} takes {_what(error.param.type)}."
    message = error.format_message()
    if message.startswith("Got unexpected extra argument"):
        return "There are more arguments than this command takes."
    text = visible(message)
    return text if text.endswith((".", "?", "!")) else text + "."


def _what(kind: "click.ParamType[Any]") -> str:
    """What a parameter takes, in place of what was given."""
    if isinstance(kind, click.Choice):
        *others, last = map(str, kind.choices)
        return f"{', '.join(others)} or {last}"
    if isinstance(kind, click.IntRange):
        upwards = f"from {kind.min}" + (f" to {kind.max}" if kind.max is not None else " on")
        return f"a whole number {upwards}"
    return f"a {kind.name}"


def _unknown_option(error: click.NoSuchOption) -> str:
    if _OPTION.fullmatch(error.option_name) is None:
        return "An argument starts with a dash but is no option; put `--` before the arguments to keep it as it is."
    if error.ctx is None or error.ctx.parent is None:
        return f"`paas` itself has no option {error.option_name}; options come after the command."
    near = [known for known in error.possibilities or () if _is_near(error.option_name, known)]
    return f"There is no option {error.option_name}{f'; did you mean {near[0]}?' if near else '.'}"


def _is_near(option: str, known: str) -> bool:
    """Whether they are alike without their dashes, which all of them have."""
    from difflib import SequenceMatcher

    return SequenceMatcher(None, option.lstrip("-"), known.lstrip("-")).ratio() >= _NEAR
