"""`paas run`: a program on this machine, with an app's variables."""

from collections.abc import Iterable

import click

from paas_cli.command import Function, PaasCommand
from paas_cli.command import command as declare
from paas_cli.commands.running import environment, program
from paas_cli.commands.running.program import Program
from paas_cli.errors import Misuse
from paas_cli.session import Session


def options(function: Function) -> Function:
    """What `run` and `shell` have in common."""
    for option in (
        click.option(
            "--preserve-env", "preserved", multiple=True, metavar="NAME", help="Keep yours where the app has it too."
        ),
        click.option("--only", multiple=True, metavar="NAME", help="Give this variable alone; may be repeated."),
        click.option("--config-only", is_flag=True, help="Leave out secrets and what add-ons manage."),
    ):
        function = option(function)
    return function


@declare("run")
@options
@click.option("--mask", is_flag=True, help="Mask secrets in output that goes to a pipe or a file.")
@click.argument("words", nargs=-1, required=True, metavar="COMMAND [ARGUMENTS]", type=click.UNPROCESSED)
def command(
    session: Session,
    *,
    words: tuple[str, ...],
    only: tuple[str, ...],
    preserved: tuple[str, ...],
    config_only: bool,
    mask: bool,
) -> None:
    """Run a program on this machine with an app's variables.

    The program gets what a release would: config vars, secrets and what add-ons manage, as they
    are live now, and what comes from shared groups. Revealing them is one call for the app and one
    for each group, which the audit log records with their names. Values are given to the program
    alone: nothing is written to disk, and none is in its command line. Where a group is attached
    that you may not see, nothing is started.
    Options of `paas` come before the program; what follows it is the program's. Its exit code,
    signals and terminal are its own.

    The app's variables win over yours, except with --preserve-env. PAAS_TOKEN is not passed on
    unless --preserve-env names it. PORT is not set. With --mask, output that goes to a pipe or
    a file has •••••••••••••••• in place of each secret of 4 bytes and more; what the program
    encodes (base64, JSON) is not known again.

    For example:
      paas run -a web -- npm start
      paas run --config-only -- python manage.py check
      paas run --only DATABASE_URL -- sh -c 'psql "$DATABASE_URL"'
      paas run --mask -- ./migrate.sh | tee migrate.log
    """
    refuse_json(session, "run")
    path = program.find(words[0], session.surroundings.environ.get("PATH"))
    variables = environment.of_app(session, only=only, config_only=config_only, command="run")
    found = Program(path, words, environment.merged(session.surroundings.environ, variables.all(), preserved=preserved))
    session.err.flush()
    if mask:
        _run_masked(session, found, variables.sealed.values())
    program.become(found)


def explain_json(found: PaasCommand) -> None:
    """Have the help of a command say that it refuses --json."""
    for param in found.params:
        if isinstance(param, click.Option) and param.name == "as_json":
            param.help = "Refused here: what is printed is the program's."


# What follows the program's name is the program's, dashes or not.
command.allow_interspersed_args = False
explain_json(command)


def refuse_json(session: Session, name: str) -> None:
    """Raise Misuse where --json was asked for: all that is printed is the program's."""
    if session.as_json:
        raise Misuse(f"`paas {name}` prints nothing of its own, so there is no --json of it.")


def _run_masked(session: Session, found: Program, sealed: Iterable[str]) -> None:
    """Run it as a child and end with its exit code, unless there is nothing to mask."""
    from paas_cli.commands.running import child
    from paas_cli.commands.running.masks import Masker

    if not child.masked_streams():
        session.note("standard output and standard error are a terminal, so nothing is masked.")
        return
    click.get_current_context().exit(child.run(found, masker=lambda: Masker(sealed)))
