"""What words that a command does not take may have been meant as. Loaded only once there are such words.

What is suggested does no more than what was typed: it reads where that reads, or it is the same command. Must not show
a word that may be a value, nor one that could be: `hunter2` may be an app or a password.
"""

import re
from collections.abc import Sequence

from paas_cli.catalogue import ALIASES, ENTRIES
from paas_cli.mistyped import retyped
from paas_cli.typed.credentials import is_plainly_a_name

# What shows one of the things that a command lists.
_OF_ONE = {
    "config": "config:get", "secrets": "secrets:get", "releases": "releases:info",
}  # fmt: skip
_SETS = {"config": "config:set", "secrets": "secrets:set"}
# Their -a means something else.
_WITH_APPS_OF_THEIR_OWN = ("tokens:create", "tokens:trust:add")
_RELEASE = re.compile(r"v?[0-9]{1,9}")


def sentence(name: str, words: Sequence[str], options: Sequence[str], *, has_app: bool) -> str:
    """What to say of `words`, none of which the command `name` takes; `options` are all else that was given."""
    name = ALIASES.get(name, name)
    if name in _SETS and any("=" in word for word in words):
        return f"`paas {name}` lists all and takes no argument; `paas {_SETS[name]} --help` says how to set one."
    if (one := _OF_ONE.get(name)) is not None and all(_is_of(name, word) for word in words):
        shows, summary = retyped.command(one, words, options=options), ENTRIES[one].summary.rstrip(".")
        return (
            f"`paas {name}` lists all and takes no argument; did you mean {shows} ({summary[0].lower()}{summary[1:]})?"
        )
    if name == "groups":
        return "`paas groups` lists all and takes no argument; `paas groups:info NAME` shows one."
    if len(words) == 1 and not has_app and ENTRIES[name].takes_app and name not in _WITH_APPS_OF_THEIR_OWN:
        there = retyped.command(name, [], options=["-a", "APP", *options])
        return f"`paas {name}` takes no argument; an app is named with -a: {there}."
    return f"There are more arguments than this command takes. See `paas {name} --help`."


def _is_of(name: str, word: str) -> bool:
    return _RELEASE.fullmatch(word) is not None if name == "releases" else is_plainly_a_name(word)
