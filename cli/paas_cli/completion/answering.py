"""What a shell is told at a press of Tab: lines of `WORD<tab>what it is`. Silent about everything that goes wrong.

`paas __complete zsh WORD...` and `paas __complete fish WORD...` are given the words after `paas` up to the cursor, the
last of which is being typed; `paas __complete bash LINE BREAKS` the line up to the cursor, and COMP_WORDBREAKS. Bash
gets bare words, with a space after those that are complete. The exit code FILES asks for the names of files instead.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from paas_cli.choice import Flags
from paas_cli.completion import table, words
from paas_cli.completion.table import Signature

FILES = 10
# What would end a line, or be obeyed by a terminal or a shell, which puts a word in as it is: no name has it, and who
# sends one, or has it in a file of a project, doesn't get it to a shell.
_UNFIT = frozenset(map(chr, (*range(33), *range(0x7F, 0xA0)))) | frozenset("\"'`$\\|&;<>()[]{}*?!#~^")


@dataclass(frozen=True)
class Candidate:
    """A word, and what it is. It is not complete where something follows at once, as after `NAME=`."""

    word: str
    help: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether the next word may follow."""
        return not self.word.endswith("=")


class WantsFiles(Exception):
    """What is being typed is the name of a file, which the shell knows best."""


def main(arguments: Sequence[str]) -> int:
    """Answer on standard output. Returns the exit code."""
    shell, *rest = arguments or [""]
    breaks = rest[1] if shell == "bash" and len(rest) > 1 else ""
    typed = words.split(rest[0])[1:] if shell == "bash" and rest else rest
    try:
        found = list(candidates(typed or [""], os.environ, os.getcwd()))  # noqa: PTH109 - pathlib is slow to import
    except WantsFiles:
        return FILES
    except Exception:  # whatever it is, it must not get into the line that somebody is typing
        return 1
    before = len(words.broken_off(typed[-1], breaks)) if typed else 0
    lines = [_line(candidate, shell, before) for candidate in found]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _line(candidate: Candidate, shell: str, before: int) -> str:
    if shell == "bash":
        return candidate.word[before:] + (" " if candidate.is_complete else "")
    return f"{candidate.word}\t{candidate.help}"


def candidates(typed: Sequence[str], environ: Mapping[str, str], folder: str) -> Iterator[Candidate]:
    """What the last of the words that were typed may become. Raises WantsFiles; Failure where nothing is known."""
    *before, word = typed
    at = next((at for at, each in enumerate(before) if not each.startswith("-")), None)
    found = _commands() if at is None else _after_command(before[at], before[at + 1 :], word, environ, folder)
    for candidate in found:
        if candidate.word.startswith(word) and not _UNFIT.intersection(candidate.word):
            yield candidate


def _commands() -> Iterator[Candidate]:
    from paas_cli.catalogue import ENTRIES

    yield from (Candidate(name, entry.summary.rstrip(".")) for name, entry in ENTRIES.items())
    yield Candidate("--help", "Show the commands")
    yield Candidate("--version", "Show the version of this program")


def _after_command(
    command: str, before: Sequence[str], word: str, environ: Mapping[str, str], folder: str
) -> Iterable[Candidate]:
    from paas_cli.catalogue import ALIASES

    signature = table.signature(ALIASES.get(command, command))
    read = _read(signature, before)
    if read.awaits is not None:
        return _values(read.awaits, read, environ, folder)
    option, equals, _ = word.partition("=")
    if not read.is_all_arguments and word.startswith("-"):
        if not equals:
            return (Candidate(each.spellings[-1], each.help) for each in signature.options)
        known = signature.option(option)
        values = _values(known.value, read, environ, folder) if known is not None and known.value else ()
        return (Candidate(f"{option}={each.word}", each.help) for each in values)
    kind = signature.argument(len(read.arguments))
    return _values(kind, read, environ, folder) if kind is not None else ()


@dataclass(frozen=True)
class _Read:
    """The words after a command: its arguments, what was chosen, and the kind of value that the last of them awaits."""

    arguments: tuple[str, ...]
    flags: Flags
    awaits: str | None
    is_all_arguments: bool


def _read(signature: Signature, before: Sequence[str]) -> _Read:
    arguments: list[str] = []
    given: dict[str, str] = {}
    awaiting: table.Option | None = None
    is_all_arguments = False
    for each in before:
        name, equals, value = each.partition("=")
        if awaiting is not None:
            given[awaiting.spellings[-1]], awaiting = each, None
        elif is_all_arguments or not each.startswith("-") or each == "-":
            arguments.append(each)
        elif each == "--":
            is_all_arguments = True
        elif (option := signature.option(name if equals else each)) is not None and option.value is not None:
            if equals:
                given[option.spellings[-1]] = value
            else:
                awaiting = option
        elif each.startswith("-a") and len(each) > 2:
            given["--app"] = each[2:]
    flags = Flags(given.get("--app") or None, given.get("--profile") or None, given.get("--env") or None)
    return _Read(tuple(arguments), flags, awaiting.value if awaiting is not None else None, is_all_arguments)


def _values(kind: str, read: _Read, environ: Mapping[str, str], folder: str) -> Iterable[Candidate]:
    """What a value of a kind may be. Raises WantsFiles, and Failure."""
    if kind == "files":
        raise WantsFiles
    if kind == "text":
        return ()
    if kind.startswith("one of "):
        return map(Candidate, kind.removeprefix("one of ").split(" "))
    if kind == "commands":
        return _commands()
    from paas_cli.completion import question

    if kind == "profiles":
        return map(Candidate, question.profiles(read.flags, environ, folder))
    if kind == "environments":
        return map(Candidate, question.environments(folder))
    from paas_cli.completion import asking

    names = asking.names(question.ask(kind.rstrip("="), read.flags, environ, folder), environ, time.time())
    given = {each.partition("=")[0] for each in read.arguments}
    suffix = "=" if kind.endswith("=") else ""
    return (Candidate(name + suffix) for name in names if name not in given)
