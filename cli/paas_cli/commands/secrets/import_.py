"""`paas secrets:import`: seal all variables of a file, all or none, in one release. No value is ever printed."""

from dataclasses import dataclass

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option, end_options, release_options
from paas_cli.dotenv import chosen
from paas_cli.dotenv.chosen import Given
from paas_cli.dotenv.formats import IMPORT_FORMATS
from paas_cli.releases.changes import ReleaseOptions, Report, dry_run
from paas_cli.session import Session
from paas_cli.typed import ends
from paas_cli.typed.ends import Terms
from paas_cli.variables import sealing


@dataclass(frozen=True)
class ImportOptions:
    """What is read, and what becomes of the change."""

    given: Given
    release: ReleaseOptions
    terms: Terms


@declare("secrets:import")
@click.argument("file", metavar="FILE")
@click.option("--format", "format_", type=click.Choice(IMPORT_FORMATS), default="auto", help="Default: by its content.")
@chosen.options
@end_options
@release_options
@dry_run_option
def command(
    session: Session,
    *,
    file: str,
    format_: str,
    only: tuple[str, ...],
    excepted: tuple[str, ...],
    expires: str | None,
    rotate_every: str | None,
    stage: bool,
    no_wait: bool,
    dry_run: bool,
) -> None:
    """Seal all variables of a file.

    FILE is read as `paas config:import` reads it; `-` is standard input. All are sealed in one
    release, or none if one can't be. A name that is a config var is refused:
    `paas config:import --split` seals only what looks like a credential, and moves a config var
    that is named with --secret. --expires gives all of them one end, as for `paas secrets:set`.

    For example:
      paas secrets:import .env.secrets
      paas secrets:import .env --only '*_KEY' --only '*_TOKEN'
      sops decrypt secrets.json | paas secrets:import - --stage
    """
    release = ReleaseOptions(stage=stage, no_wait=no_wait, dry_run=dry_run)
    terms = ends.terms(expires, rotate_every, now=session.surroundings.now())
    run(ImportOptions(Given(file, format_, only, excepted), release, terms), session)


def run(options: ImportOptions, session: Session) -> None:
    """Read, check, seal, report."""
    found = chosen.read(options.given, session)
    report = Report(verb="Set", options=options.release, secret=True)
    if not found.values:
        dry_run(session, [], report, version=None, releases=False)
        return
    sealing.save(session, found.values, options.release, options.terms, of_a_file=True)
