"""What was typed in place of what a command takes, as far as that can be told: click counts words and knows none.

Loaded only once a command line is wrong. Must not show what may be a secret; `retyped` sees to that.
"""

import re
from collections.abc import Sequence

import click

from paas_cli.mistyped import retyped, surplus
from paas_cli.typed.names import NAME

# The commands that take NAME=VALUE.
_SETTING = ("config:set", "secrets:set")
# What stands for one word of an argument.
_PLACEHOLDER = re.compile(r"[A-Z]+(?:=[A-Z]+)?")
_GROUP = ("-g", "--group")
# An end, by the option that `secrets:set` has for it and by what it is called elsewhere.
_ENDS = ("--expires", "--expire", "--expires-at", "--ttl", "--until")
# The commands that take a group as an argument, and no app.
_OF_ONE_GROUP = ("groups:create", "groups:info", "groups:destroy")


def explained(error: click.UsageError, command: click.Command, ctx: click.Context, typed: Sequence[str]) -> Exception:
    """`error` with a sentence that says what to type instead; itself where that can't be told."""
    name = command.name or ""
    said = None
    if isinstance(error, click.NoSuchOption):
        said = _of_group(command, error.option_name, typed)
        if name == "secrets:expire" and error.option_name in _ENDS:
            said = _with_an_end(name, error.option_name, typed)
        if said is None and name in _SETTING:
            said = _with_dashes(name, error.option_name, typed)
    elif isinstance(error, click.MissingParameter):
        said = _without_option(error, command, ctx, typed) or _without_argument(error, command, typed)
    elif error.message.startswith("Got unexpected extra argument"):
        said = _with_too_many(command, ctx, typed)
    return error if said is None else click.UsageError(said)


def _of_group(command: click.Command, option: str, typed: Sequence[str]) -> str | None:
    """A group that is named with an option of its own: -a names one, as an app, or an argument where it is meant."""
    name = command.name or ""
    if option in _GROUP and any("--app" in param.opts for param in command.params):
        words = ["-a" if word in _GROUP else word for word in typed]
        return f"A group is named as an app is: {retyped.command(name, words)}."
    if option in ("-a", "--app") and name in _OF_ONE_GROUP:
        words = _without_app(typed)
        return f"The group is an argument: {retyped.command(name, words)}."
    return None


def _with_an_end(name: str, option: str, typed: Sequence[str]) -> str:
    """An end given as an option where it is an argument."""
    words = [word.removeprefix(f"{option}=") for word in typed if word != option]
    return f"The end is an argument: {retyped.command(name, words)}."


def _without_app(typed: Sequence[str]) -> list[str]:
    """The same with what -a names as the argument, or without it where the group is named before."""
    at = next((at for at, word in enumerate(typed) if word in ("-a", "--app")), len(typed))
    is_named = at > 0 and not typed[0].startswith("-")
    return [*typed[:at], *typed[at + (2 if is_named else 1) :]]


def _with_dashes(name: str, option: str, typed: Sequence[str]) -> str | None:
    """A value that starts with a dash, in the place of an option: `JAVA_OPTS -Xmx512m`."""
    if len(option) != 2:
        return None
    at = next(at for at, word in enumerate(typed) if word.startswith(option))
    before, word, after = typed[: max(at - 1, 0)], typed[at], typed[at + 1 :]
    last = typed[at - 1] if at else ""
    variable, equals, _ = last.partition("=")
    if NAME.fullmatch(variable) is None:
        return (
            "No name starts with a dash, and no option is like this; a value that starts with one is written after "
            "its name and `=`, as in JAVA_OPTS=-Xmx512m."
        )
    if name == "secrets:set":
        asks = retyped.command(name, [*before, variable, *after])
        return f"A value is written after its name and `=`, with quotes round spaces; {asks} asks for it."
    if equals:
        return f"A value with spaces needs quotes: {retyped.command(name, [*before, f'{last} {word}', *after])}."
    return f"A value is written after its name and `=`: {retyped.command(name, [*before, f'{last}={word}', *after])}."


def _without_option(
    error: click.MissingParameter, command: click.Command, ctx: click.Context, typed: Sequence[str]
) -> str | None:
    """An option that has to be there; a word in its place may be a value, and is not repeated."""
    if not isinstance(error.param, click.Option):
        return None
    opts, words, _ = command.make_parser(ctx).parse_args(list(typed))
    option, metavar = error.param.opts[-1], error.param.metavar or "VALUE"
    given = [word for word in typed if word not in words]
    missing = [
        part
        for param in command.params
        if isinstance(param, click.Option) and param.required and param.name not in opts
        for part in (param.opts[-1], param.metavar or metavar)
    ]
    return f"{option} is missing: {retyped.command(command.name or '', [*given, *missing])}."


def _without_argument(error: click.MissingParameter, command: click.Command, typed: Sequence[str]) -> str | None:
    """An argument that has to be there, where its place is the end of the line."""
    if not isinstance(error.param, click.Argument) or "--" in typed:
        return None
    name = error.param.human_readable_name.rstrip(".")
    if _PLACEHOLDER.fullmatch(name) is None:
        return None
    return f"{name} is missing: {retyped.command(command.name or '', [*typed, name])}."


def _with_too_many(command: click.Command, ctx: click.Context, typed: Sequence[str]) -> str | None:
    if any(isinstance(param, click.Argument) for param in command.params):
        return None
    opts, words, _ = command.make_parser(ctx).parse_args(list(typed))
    options = list(typed)
    for word in words:
        options.remove(word)
    return surplus.sentence(command.name or "", words, options, has_app=opts.get("chosen_app") is not None)
