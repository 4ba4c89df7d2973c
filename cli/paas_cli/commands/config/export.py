"""`paas config:export`: config vars as a file others can read. Secrets have no way into it."""

from collections.abc import Mapping
from dataclasses import dataclass

import click

from paas_cli.command import command as declare
from paas_cli.commands.config.listing import CONFIG, Listing, fetch
from paas_cli.dotenv.formats import EXPORT_FORMATS, write
from paas_cli.files import given_file
from paas_cli.groups import unseen
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed.assignments import listed


@dataclass(frozen=True)
class ExportOptions:
    """In which format, and where to (`-` is standard output); whether what the app has itself is enough."""

    format: str
    file: str
    own: bool


@declare("config:export")
@click.option("--format", "format_", type=click.Choice(EXPORT_FORMATS), help="dotenv is the default.")
@click.option(
    "-o", "--output", "file", default="-", metavar="FILE", help="Write a file (mode 0600); `-` is standard output."
)
@click.option("--own", is_flag=True, help="Leave out what comes from shared groups.")
def command(session: Session, *, format_: str | None, file: str, own: bool) -> None:
    """Write config vars as a file.

    Variables an add-on manages are left out, because they can't be set by hand, and secrets
    are never exported, in any format. What the app gets of shared groups is part of it, below a
    comment that says so where the format has any; --own leaves it out, for a file that is imported
    again. `paas config:import` reads every format back to the same values; where other readers of
    .env files would read one differently, it is said which and by whom. FILE gets mode 0600 and is
    written where it points: through a link, into a FIFO.
    Formats:
      dotenv  for dotenv libraries, Docker Compose and `sh`
      json    one object; --json is the same
      shell   `export NAME='value'` lines for `. file`
      docker  for `docker run --env-file`, which can't hold a value of several lines

    For example:
      paas config:export > .env.production
      paas config:export --format json -o config.json
      paas config:export --own -a staging | paas config:import - -a production
    """
    run(ExportOptions(format_ or ("json" if session.as_json else "dotenv"), file, own=own), session)


def run(options: ExportOptions, session: Session) -> None:
    """Fetch, write."""
    listing = fetch(session)
    values = {var.name: var.value for var in listing.vars if var.kind == CONFIG}
    text = write(options.format, values)
    if not options.own:
        text, values = _with_groups(options.format, values, listing)
    if given_file.write(options.file, text, out=session.out):
        count = len(values)
        session.err.line(f"Wrote {count} {'variable' if count == 1 else 'variables'} to {visible(options.file)}")
    if options.format == "dotenv":
        _note_misreadings(values, session)
    if listing.hidden_groups and not options.own:
        session.warn(f"{unseen.words(listing.hidden_groups)}: what comes from there is missing in it.")
    session.note_escapes("A value", session.hint("config:export"))


def _with_groups(format_: str, own: dict[str, str], listing: Listing) -> tuple[str, dict[str, str]]:
    """The text, with what comes from each group below a comment unless it is JSON, and all that is in it."""
    by_group: dict[str, dict[str, str]] = {}
    for var, group in listing.from_groups():
        by_group.setdefault(group, {})[var.name] = var.value
    values = own.copy()
    for found in by_group.values():
        values |= found
    if format_ == "json" or not by_group:
        return write(format_, values), values
    parts = [write(format_, own)]
    parts += [f"# from {visible(group)}\n{write(format_, found)}" for group, found in by_group.items()]
    return "".join(parts), values


def _note_misreadings(values: Mapping[str, str], session: Session) -> None:
    """Say which variables which readers of a .env file would take for others than they are."""
    from paas_cli.dotenv.writing import misread_in_dotenv

    by_reader = misread_in_dotenv(values)
    if by_reader:
        readers = "; ".join(f"{reader}: {listed(names)}" for reader, names in by_reader.items())
        session.note(f"Other readers of .env files read these differently: {readers}. `--format json` has none of it.")
