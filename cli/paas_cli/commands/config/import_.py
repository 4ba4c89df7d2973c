"""`paas config:import`: set variables from a file, all or none, in one release."""

import shlex
from dataclasses import dataclass, field

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option, release_options
from paas_cli.commands.config.set import send
from paas_cli.commands.config.split import Corrections
from paas_cli.dotenv import chosen
from paas_cli.dotenv.chosen import Given
from paas_cli.dotenv.formats import IMPORT_FORMATS
from paas_cli.errors import Failure, Misuse
from paas_cli.releases.changes import ReleaseOptions, Report, dry_run
from paas_cli.session import Session
from paas_cli.terminal import question
from paas_cli.terminal.text import visible


@dataclass(frozen=True)
class ImportOptions:
    """What is read, whether it is told apart into config vars and secrets, and what becomes of the change.

    `yes`: nothing is asked.
    """

    given: Given
    release: ReleaseOptions
    split: bool = False
    corrections: Corrections = field(default_factory=Corrections)
    yes: bool = False


@declare("config:import")
@click.argument("file", metavar="FILE")
@click.option("--format", "format_", type=click.Choice(IMPORT_FORMATS), default="auto", help="Default: by its content.")
@chosen.options
@click.option("--split", is_flag=True, help="Seal what looks like a credential; the rest are config vars.")
@click.option("--secret", multiple=True, metavar="GLOB", help="With --split: these are secrets; repeatable.")
@click.option("--config", multiple=True, metavar="GLOB", help="With --split: these are config vars; repeatable.")
@click.option("--yes", is_flag=True, help="With --split: do not ask on a terminal.")
@release_options
@dry_run_option
def command(
    session: Session,
    *,
    file: str,
    format_: str,
    only: tuple[str, ...],
    excepted: tuple[str, ...],
    split: bool,
    secret: tuple[str, ...],
    config: tuple[str, ...],
    yes: bool,
    stage: bool,
    no_wait: bool,
    dry_run: bool,
) -> None:
    """Set config vars from a file.

    FILE is a .env file, a JSON object of texts, or what `paas config:export` wrote; `-` is
    standard input. All variables are set in one release, or none if one can't be. A line that
    can't be read is an error with its number. `${NAME}` stays as it is written. Of a name that
    is there twice, the last value counts. Variables the file does not name are left alone, and
    names that the platform sets itself (PORT, PATH, HOME, PAAS_*, KUBERNETES_*) are left out
    with a warning.

    With --split, config vars and secrets come from one file and go into one release: what the
    app has keeps its kind, and what is new is sealed if its name or value looks like a
    credential. On a terminal all rows are shown first, and you are asked.
    `paas secrets:import` seals all of a file.

    For example:
      paas config:import .env.production
      paas config:import .env --split --config 'PUBLIC_*' --secret SESSION_SALT
      paas config:import .env --only 'DB_*' --except DB_PASSWORD --dry-run
      paas config:export -a web | paas config:import - -a worker
    """
    if (secret or config or yes) and not split:
        raise Misuse("--secret, --config and --yes go with --split, which tells config vars and secrets apart.")
    run(
        ImportOptions(
            Given(file, format_, only, excepted),
            ReleaseOptions(stage=stage, no_wait=no_wait, dry_run=dry_run),
            split=split,
            corrections=Corrections(secret, config),
            yes=yes,
        ),
        session,
    )


def run(options: ImportOptions, session: Session) -> None:
    """Read, check, tell apart, set, report."""
    found = chosen.read(options.given, session)
    if not found.values:
        dry_run(session, [], Report(verb="Set", options=options.release), version=None, releases=False)
    elif options.split:
        _split(found.values, options, session)
    else:
        _as_config(found.values, options, session)


def _as_config(values: dict[str, str], options: ImportOptions, session: Session) -> None:
    split = _with_split(options.given)
    try:
        send(values, options.release, session, instead=split)
    except Failure as failure:
        if failure.details.get("reason") == "NAME_IS_SECRET":
            # The service says how to unset one, which nobody wants who imports a file.
            sealed = [name for name in values if f"{name} is a secret" in failure.sentence]
            again, are_one = session.hint(f"{split}{options.release.options()}"), len(sealed) == 1
            failure.sentence = (
                f"Nothing was imported from {visible(options.given.file)}: {session.app} has {', '.join(sealed)} as "
                f"{'a secret' if are_one else 'secrets'}. {again} imports {'it' if are_one else 'them'} so."
            )
        raise


def _with_split(given: Given) -> str:
    """The command that imports the same and tells config vars and secrets apart."""
    words = ["config:import", given.file, "--split"]
    words += ["--format", given.format] if given.format != "auto" else []
    words += [word for glob in given.only for word in ("--only", glob)]
    words += [word for glob in given.excepted for word in ("--except", glob)]
    return shlex.join(words)


def _split(values: dict[str, str], options: ImportOptions, session: Session) -> None:
    from paas_cli.commands.config import split
    from paas_cli.releases import together

    rows = split.rows(values, options.corrections, session)
    split.tell(rows, session)
    if question.can_be_asked(session) and not (options.yes or options.release.dry_run or session.as_json):
        split.confirm(rows, session)
    wanted = split.wanted(rows)
    together.save(session, wanted, Report(verb="Set", options=options.release, shown=wanted.set_config))
