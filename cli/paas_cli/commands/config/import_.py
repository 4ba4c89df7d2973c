# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH123
"""`paas config:import`: set config vars from a file, all or none, in one release."""

from dataclasses import dataclass

import click

from paas_cli import assignments, streams
from paas_cli.changes import ReleaseOptions, Report, dry_run
from paas_cli.command import command as declare
from paas_cli.command import dry_run_option, release_options
from paas_cli.commands.config.set import send
from paas_cli.dotenv.formats import IMPORT_FORMATS, read
from paas_cli.errors import Failure
from paas_cli.session import Session

# More than any app holds (512 KiB), comments included.
_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class ImportOptions:
    """Which file (`-` is standard input), in which format, and what becomes of the change."""

    file: str
    format: str
    release: ReleaseOptions


@declare("config:import")
@click.argument("file", metavar="FILE")
@click.option("--format", "format_", type=click.Choice(IMPORT_FORMATS), default="auto", help="Default: by its content.")
@release_options
@dry_run_option
def command(session: Session, *, file: str, format_: str, stage: bool, no_wait: bool, dry_run: bool) -> None:
    """Set config vars from a file.

    FILE is a .env file, a JSON object of texts, or what `paas config:export` wrote; `-` is
    standard input. All variables are set in one release, or none if one can't be. A line that
    can't be read is an error with its number. `${NAME}` stays as it is written. Of a name that
    is there twice, the last value counts. Variables the file does not name are left alone.

    For example:
      paas config:import .env.production
      paas config:import .env --dry-run
      paas config:export -a web | paas config:import - -a worker
    """
    run(ImportOptions(file, format_, ReleaseOptions(stage=stage, no_wait=no_wait, dry_run=dry_run)), session)


def run(options: ImportOptions, session: Session) -> None:
    """Read, check, set, report."""
    found = read(options.format, _text(options.file, session), source=_shown(options.file))
    for remark in found.remarks:
        session.note(remark)
    assignments.check(found.values)
    if found.values:
        send(found.values, options.release, session)
        return
    session.note(f"{_shown(options.file)} holds no variables.")
    report = Report(verb="Set", options=options.release)
    dry_run(session, [], report, version=None, releases=False)


def _shown(file: str) -> str:
    return "standard input" if file == "-" else file


def _text(file: str, session: Session) -> str:
    """The whole file as text. Raises Failure where it can't be read; never quotes it."""
    try:
        if file == "-":
            content = streams.read(session.surroundings.stdin, _MAX_BYTES + 1)
        else:
            with open(file, "rb") as opened:
                content = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise Failure(f"{_shown(file)} can't be read: {(error.strerror or 'unknown reason').lower()}.") from None
    if len(content) > _MAX_BYTES:
        raise Failure(f"{_shown(file)} is larger than {_MAX_BYTES // 1024 // 1024} MiB, and an app holds 512 KiB.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Failure(f"Line {line} of {_shown(file)} is not UTF-8 text; nothing was imported.") from None
