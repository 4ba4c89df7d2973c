"""A file's variables told apart: which become config vars and which are sealed, for people to look at and correct.

What the app has keeps its kind. What is new is sealed where its name or value looks like a credential. Must not show a
value of what is sealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paas_cli.commands.config import listing
from paas_cli.dotenv.chosen import matching
from paas_cli.errors import Failure, Misuse
from paas_cli.releases.changes import config_value
from paas_cli.releases.together import CONFIG, SECRET, Wanted
from paas_cli.session import Session
from paas_cli.terminal import question, table
from paas_cli.terminal.output import MASK
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible
from paas_cli.typed.assignments import listed
from paas_cli.typed.credentials import looks_like_one
from paas_cli.variables import secret_names

_COLUMNS = (
    Column("NAME"),
    Column("KIND", styles={SECRET: "yellow"}),
    Column("VALUE", narrowest=16),
    Column("WHY", rank=1, style="dim"),
)


@dataclass(frozen=True)
class Corrections:
    """Globs of names that are secrets, and of those that are config vars, whatever they look like."""

    secret: Sequence[str] = ()
    config: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """A variable of the file, its kind and why it has it; `moves` where it is a config var now and becomes a secret."""

    name: str
    value: str = field(repr=False)
    kind: str
    why: str
    moves: bool = False


def rows(values: Mapping[str, str], corrections: Corrections, session: Session) -> list[Row]:
    """Each variable with its kind; those that an add-on manages are left out, with a warning.

    Raises Failure where what is asked for can't be.
    """
    secret = _named(corrections.secret, values, "--secret")
    config = _named(corrections.config, values, "--config")
    if both := [name for name in secret if name in config]:
        raise Misuse(f"Nothing was imported: {listed(both)} is asked for both as a secret and as a config var.")
    there = {var.name: CONFIG if var.kind == listing.CONFIG else var.addon for var in listing.fetch(session).vars}
    there |= dict.fromkeys(secret_names.listed(session), SECRET)
    if sealed := [name for name in config if there.get(name) == SECRET]:
        unset = session.hint(f"secrets:unset {' '.join(sealed)}")
        raise Failure(
            f"Nothing was imported: {listed(sealed)} is a secret, which no import makes plain text; {unset} first."
        )
    managed = [name for name in values if there.get(name) not in (None, CONFIG, SECRET)]
    if managed:
        session.warn(f"Left out, because an add-on manages them: {listed(managed)}.")
    return [
        _row(name, value, there.get(name), asked=SECRET if name in secret else CONFIG if name in config else None)
        for name, value in values.items()
        if name not in managed
    ]


def _named(globs: Sequence[str], values: Mapping[str, str], option: str) -> list[str]:
    return [name for glob in globs for name in matching(glob, values, option=option, where="the file")]


def _row(name: str, value: str, now: str | None, *, asked: str | None) -> Row:
    if asked is not None:
        return Row(name=name, value=value, kind=asked, why="asked for", moves=asked == SECRET and now == CONFIG)
    if now is not None:
        return Row(name=name, value=value, kind=now, why="as it is now")
    # What is still empty is sealed by its name: it is to be filled in, and a config var would have to be moved first.
    is_secret = looks_like_one(name, value or "to be filled in")
    return Row(name=name, value=value, kind=SECRET if is_secret else CONFIG, why="a guess" if is_secret else "")


def wanted(split: Sequence[Row]) -> Wanted:
    """What is to be, of all rows."""
    return Wanted(
        set_config={row.name: row.value for row in split if row.kind == CONFIG},
        unset_config=[row.name for row in split if row.moves],
        set_secrets={row.name: row.value for row in split if row.kind == SECRET},
    )


def tell(split: Sequence[Row], session: Session) -> None:
    """Say on stderr what is sealed, and what looks as if it should be."""
    sealed = [row.name for row in split if row.kind == SECRET]
    if sealed:
        session.note(f"{len(sealed)} of {len(split)} are sealed as secrets: {listed(sealed)}.")
    plain = [row for row in split if row.kind == CONFIG and row.why != "asked for"]
    suspects = [row.name for row in plain if looks_like_one(row.name, row.value)]
    if suspects:
        what = "looks like a credential and stays" if len(suspects) == 1 else "look like credentials and stay"
        session.warn(f"{listed(suspects)} {what} plain text, as now; `--secret NAME` seals one.")


def confirm(split: Sequence[Row], session: Session) -> None:
    """Show the rows on a terminal and ask. Raises Failure where the answer is not yes."""
    table.write(session.err, _COLUMNS, [(visible(row.name), row.kind, _shown(row), row.why) for row in split])
    counts = {kind: sum(row.kind == kind for row in split) for kind in (CONFIG, SECRET)}
    session.err.line("`--secret NAME` and `--config NAME` correct a kind.")
    into = f"{counts[CONFIG]} config vars and {counts[SECRET]} secrets into {visible(session.app)}"
    if not question.is_yes(session, f"Import {into}?"):
        raise Failure("Nothing was imported.")


def _shown(row: Row) -> str:
    return MASK if row.kind == SECRET else config_value(row.name, row.value)
