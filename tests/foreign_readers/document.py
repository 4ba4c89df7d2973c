"""`docs/dotenv.md`: what each reader makes of what we write, and of what others write. Made of what was seen."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from paas_cli.dotenv import writing
from tests.foreign_readers import readings
from tests.foreign_readers.programs import Programs
from tests.foreign_readers.readings import OURS, Reading
from tests.foreign_readers.spellings import SPELLINGS, as_file
from tests.foreign_readers.values import ODD

FILE: Final = Path(__file__).parents[2] / "docs" / "dotenv.md"
_INTRODUCTION: Final = """\
# Who reads what in a .env file

There is no standard for `.env` files, and readers differ. This page is generated (`make readers`) by running them with
nothing set up and an empty environment, and a test compares it:

{versions}

Line feeds are shown as `␊`, carriage returns as `␍`, tabs as `⇥`, spaces at an end as `␠`, and what can't be seen by
its code. *refused* is an error, or no value at all.

## What `paas config:export` writes

Each value is written in the form that the fewest readers misread, and never in one that a shell would run. `✓` is the
value itself, anything else what is read in its place. `paas config:import` reads every one of them right.

`config:export` says on standard error which variables which readers would misread. In `--format json` there are none,
nor in `--format shell` for a shell.
"""
_OTHERS: Final = """
## What others write

`paas config:import` reads a line as most readers do, and refuses it, with its number and the reason, where they take it
for different things that people mean. Nothing is ever filled in: `${NAME}` stays as it is written, and it is said.
"""
_NAMED: Final = {"\n": "␊", "\r": "␍", "\t": "⇥"}


def text(programs: Programs) -> str:
    """The whole page."""
    versions = "\n".join(f"- {reader}: {version}" for reader, version in readings.versions().items())
    lines = [_INTRODUCTION.format(versions=versions), *_exported(programs), _OTHERS]
    for about, spellings in SPELLINGS.items():
        lines += [f"### {about}\n", *_spelled(programs, spellings), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _exported(programs: Programs) -> Iterator[str]:
    texts = [writing.dotenv({"A": value}) for value in ODD.values()]
    found = readings.of_others(programs, texts)
    yield from _header("value", "written", *found)
    for at, value in enumerate(ODD.values()):
        written = texts[at].removeprefix("A=").removesuffix("\n")
        yield _row(_code(value), _code(written), *(_cell(found[reader][at], value) for reader in found))


def _spelled(programs: Programs, spellings: Sequence[str]) -> Iterator[str]:
    texts = list(map(as_file, spellings))
    found = {OURS: readings.of_ours(texts), **readings.of_others(programs, texts)}
    yield from _header("line", *found)
    for at, spelling in enumerate(spellings):
        yield _row(_code(spelling), *(_cell(found[reader][at]) for reader in found))


def _header(*titles: str) -> Iterable[str]:
    return _row(*titles), _row(*("---" for _ in titles))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(read: Reading, right: str | None = None) -> str:
    if read is None:
        return "*refused*"
    return "✓" if read == right else _code(read)


def _code(value: str) -> str:
    """A value as Markdown's code, in a table (GitHub Flavored Markdown, 4.10 and 6.3)."""
    if not value:
        return "*empty*"
    shown = "".join(map(_visible, value))
    lead, trail = len(shown) - len(shown.lstrip(" ")), len(shown) - len(shown.rstrip(" "))
    shown = "␠" * lead + shown[lead : len(shown) - trail] + "␠" * min(trail, len(shown) - lead)
    fence = "``" if "`" in shown else "`"
    space = " " if "`" in shown else ""
    return f"{fence}{space}{shown}{space}{fence}".replace("|", "\\|")


def _visible(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    is_seen = character == " " or unicodedata.category(character) not in ("Cc", "Cf", "Zs", "Zl", "Zp")
    return character if is_seen else f"<U+{ord(character):04X}>"
