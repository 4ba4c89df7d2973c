"""`paas config:export`: config vars as a file others can read. Secrets have no way into it."""

from dataclasses import dataclass

import click

from paas_cli import given_file
from paas_cli.command import command as declare
from paas_cli.commands.config.listing import CONFIG, fetch
from paas_cli.dotenv.formats import EXPORT_FORMATS, write
from paas_cli.session import Session
from paas_cli.terminal_text import visible


@dataclass(frozen=True)
class ExportOptions:
    """In which format, and where to; `-` is standard output."""

    format: str
    file: str


@declare("config:export")
@click.option("--format", "format_", type=click.Choice(EXPORT_FORMATS), help="dotenv is the default.")
@click.option(
    "-o", "--output", "file", default="-", metavar="FILE", help="Write a file (mode 0600); `-` is standard output."
)
def command(session: Session, *, format_: str | None, file: str) -> None:
    """Write config vars as a file.

    Variables an add-on manages are left out, because they can't be set by hand, and secrets
    are never exported, in any format. `paas config:import` reads every format back to the same
    values. FILE gets mode 0600 and is written where it points: through a link, into a FIFO.
    Formats:
      dotenv  for dotenv libraries, Docker Compose and `sh`
      json    one object; --json is the same
      shell   `export NAME='value'` lines for `. file`
      docker  for `docker run --env-file`, which can't hold a value of several lines

    For example:
      paas config:export > .env.production
      paas config:export --format json -o config.json
    """
    run(ExportOptions(format_ or ("json" if session.as_json else "dotenv"), file), session)


def run(options: ExportOptions, session: Session) -> None:
    """Fetch, write."""
    listed = fetch(session).vars
    text = write(options.format, {var.name: var.value for var in listed if var.kind == CONFIG})
    if given_file.write(options.file, text, out=session.out):
        count = sum(var.kind == CONFIG for var in listed)
        session.err.line(f"Wrote {count} {'variable' if count == 1 else 'variables'} to {visible(options.file)}")
    session.note_escapes("A value", session.hint("config:export"))
