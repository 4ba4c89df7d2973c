"""Which of a file's variables are imported: those that were asked for, and that the platform does not set itself.

Decision 66 says which names are left out with a warning, and which refuse the file. Must not show a value.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import click

from paas_cli.command import Function
from paas_cli.dotenv import source
from paas_cli.dotenv.found import Found
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed import assignments, names


@dataclass(frozen=True)
class Given:
    """A file, how it is written, and globs of names to take and to leave out."""

    file: str
    format: str
    only: Sequence[str] = ()
    excepted: Sequence[str] = ()


def options(function: Function) -> Function:
    """`--only` and `--except` of a command that imports a file."""
    function = click.option(
        "--except", "excepted", multiple=True, metavar="GLOB", help="Leave out names like this (`DB_*`); repeatable."
    )(function)
    return click.option(
        "--only", multiple=True, metavar="GLOB", help="Import only names like this (`DB_*`); repeatable."
    )(function)


def read(given: Given, session: Session) -> Found:
    """The variables to import, which an app can hold. Raises Failure where one can't be read, or can't be held."""
    found = source.read(given.file, given.format, session)
    shown = source.shown(given.file)
    taken = [name for glob in given.only for name in matching(glob, found.values, option="--only", where=shown)]
    left = [name for glob in given.excepted for name in matching(glob, found.values, option="--except", where=shown)]
    wanted = [name for name in found.values if (name in taken or not given.only) and name not in left]
    skipped = [name for name in wanted if names.is_set_by_platform(name)]
    found = replace(found, values={name: found.values[name] for name in wanted if name not in skipped})
    _refuse_linker(found)
    assignments.check(found.values, found.lines)
    if skipped:
        session.warn(f"Left out, because the platform sets them itself: {with_lines(skipped, found)}.")
    if not found.values:
        session.note(f"{shown} holds no variables{' to import' if skipped else ''}.")
    return found


def matching(glob: str, candidates: Collection[str], *, option: str, where: str) -> list[str]:
    """The names that a glob matches, capitals being told from small letters. Raises Failure where it matches none."""
    found = [name for name in candidates if fnmatchcase(name, glob)]
    if found:
        return found
    from difflib import get_close_matches

    near = get_close_matches(glob.upper(), [name.upper() for name in candidates], n=1)
    meant = next((name for name in candidates if near and name.upper() == near[0]), None)
    hint = f"; did you mean `{option} {visible(meant)}`?" if meant else "."
    raise Failure(f"Nothing was imported: `{option} {visible(glob)}` matches no variable of {where}{hint}")


def _refuse_linker(found: Found) -> None:
    """Raise Failure for what decides which code runs: an app without it is not the app that the file describes."""
    linker = [name for name in found.values if name.startswith(names.LINKER_PREFIX)]
    if linker:
        raise Failure(
            f"Nothing was imported: {with_lines(linker, found)} would have the linker load other code into every "
            f"program of the app, which no variable may; `--except '{names.LINKER_PREFIX}*'` imports the rest."
        )


def with_lines(found_names: Iterable[str], found: Found) -> str:
    """Names with the lines they are on, as far as these are known."""
    return ", ".join(f"{name} (line {found.lines[name]})" if name in found.lines else name for name in found_names)
