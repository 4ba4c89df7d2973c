"""A command line said again as it works, to be pasted: its words in the order they take, or for the command they fit.

Loaded only once a command line is wrong. Must not show what may be a secret: the value of one is left out, so that the
command asks for it, and any other word that may be a value becomes `...`, which no command takes for anything.
"""

from collections.abc import Iterator, Sequence

from paas_cli.terminal import hints
from paas_cli.terminal.text import visible
from paas_cli.typed.credentials import is_plainly_a_name, looks_like_one, may_be_a_value
from paas_cli.typed.names import NAME

# The options that every command has, each with whether a value follows it.
_OF_EVERY_COMMAND = {
    "-a": True, "--app": True, "--profile": True, "--env": True, "--json": False, "--debug": False,
}  # fmt: skip
_UNSAID = "..."
_LONGEST = 200
# Where a word can only be the name of a variable, alone or with its value.
_OF_CONFIG = frozenset({"config:get", "config:set", "config:unset", "config:edit"})
_OF_SECRETS = frozenset({"secrets:get", "secrets:set", "secrets:seal", "secrets:rotate", "secrets:unset"})


def command(name: str, words: Sequence[str], *, options: Sequence[str] = ()) -> str:
    """`paas NAME WORDS OPTIONS` in backticks; `options` go before a `--` among the words."""
    at = words.index("--") if "--" in words else len(words)
    said = [*_said(name, words[:at]), *_said("", options)]
    if at < len(words):
        said += ["--", _UNSAID]
    return f"`{' '.join(['paas', name, *said])}`"


def leading(arguments: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """The options that stand before the command, and the rest from the command on. None where that is not the fault."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        option, equals, _ = arguments[at].partition("=")
        takes = _OF_EVERY_COMMAND.get(option)
        if takes is None and not (arguments[at].startswith("-a") and not arguments[at].startswith("--")):
            return None
        at += 2 if takes and not equals else 1
    return (list(arguments[:at]), list(arguments[at:])) if 0 < at < len(arguments) else None


def _said(name: str, words: Sequence[str]) -> Iterator[str]:
    for position, word in enumerate(words):
        is_value_of_option = position > 0 and words[position - 1].startswith("-") and "=" not in words[position - 1]
        if word.startswith("-") or is_value_of_option:
            yield _plain(word)
        elif name in _OF_SECRETS:
            yield _sealed(word)
        else:
            yield _variable(word) if name in _OF_CONFIG else _plain(word)


def _plain(word: str) -> str:
    name, equals, value = word.partition("=")
    if word.startswith("-") or not equals:  # an option's name says nothing of its value
        name, value = "", value if equals else word
    is_harmless = visible(word) == word and len(word) <= _LONGEST and not may_be_a_value(word)
    return hints.quoted(word) if is_harmless and not looks_like_one(name, value) else _UNSAID


def _variable(word: str) -> str:
    name, equals, _ = word.partition("=")
    if equals:
        return _plain(word) if NAME.fullmatch(name) else _UNSAID
    return word if is_plainly_a_name(word) else _UNSAID


def _sealed(word: str) -> str:
    """`NAME` of `NAME=value`; where the value comes from elsewhere, all of it."""
    name, equals, value = word.partition("=")
    if not is_plainly_a_name(name):
        return _UNSAID
    from_elsewhere = value == "-" or value.startswith("@")
    return hints.quoted(word) if equals and from_elsewhere and visible(word) == word else name
