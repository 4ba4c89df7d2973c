"""`table.tsv` of completion: command, spellings of an option (none: an argument), kind of value, help; tabs between.

A kind is `text` where nothing can be offered, `files`, `one of A B C`, or the names that `paas_cli.completion` knows;
`...` after it says that more of the same may follow, and `=` that a value follows the name. It is told by what the help
calls the value, so that a new command that speaks as the others do needs nothing here.
"""

from collections.abc import Iterator

import click

from paas_cli.catalogue import OF_APPS_ALONE
from reference.commands import commands

# What stands for a value in the help, wherever it does.
_BY_METAVAR = {
    "APP": "apps-and-groups",
    "GROUP": "groups",
    "COMMAND": "commands",
    "FILE": "files",
    "PROFILE": "profiles",
    "vN": "releases",
}
# What a name is, by the noun of its command.
_BY_NOUN = {
    "apps": "apps",
    "config": "vars",
    "groups": "groups",
    "secrets": "secrets",
    "staged": "staged",
    "tokens": "tokens",
    "tokens:trust": "trusts",
}
# Names that are made up and so can't be offered.
_NEW = frozenset({"apps:create", "groups:create", "tokens:create", "tokens:trust:add"})
_BY_OPTION = {"--profile": "profiles", "--env": "environments", "--app": "apps-and-groups"}


def text() -> str:
    """The whole table."""
    return "".join(f"{line}\n" for name, command in commands() for line in _lines(name, command))


def _lines(name: str, command: click.Command) -> Iterator[str]:
    for param in command.params:
        if isinstance(param, click.Option):
            kind = "" if param.is_flag else _kind(name, param, param.metavar or "")
            said = (param.help or "").split("; ")[0].rstrip(".")
            for spellings in filter(None, (param.opts, param.secondary_opts)):
                yield "\t".join((name, ",".join(spellings), kind, said.replace("\t", " ")))
        else:
            yield "\t".join((name, "", _kind(name, param, param.metavar or ""), ""))


def _kind(command: str, param: click.Parameter, metavar: str) -> str:
    if isinstance(param.type, click.Choice):
        return f"one of {' '.join(map(str, param.type.choices))}"
    if param.opts[-1] == "--app" and command.partition(":")[0] in OF_APPS_ALONE:
        return "apps"
    if param.opts[-1] in _BY_OPTION:
        return _BY_OPTION[param.opts[-1]]
    named = metavar.strip("[]").removesuffix("...").rstrip("]")
    more = "..." if param.nargs == -1 else ""
    if named in _BY_METAVAR:
        return _BY_METAVAR[named] + more
    name, equals, _ = named.replace("[=", "=").partition("=")
    if name in ("NAME", "NAME|ID") and command not in _NEW and not isinstance(param, click.Option):
        noun = command.rpartition(":")[0] or command
        kind = _BY_NOUN.get(noun)
        if kind is not None:
            return kind + ("=" if equals else "") + more
    return "text" + more
