"""`paas help`: the help of a command, for who writes it in front."""

import click

from paas_cli.command import command as declare
from paas_cli.session import Session


@declare("help", app=False)
@click.argument("words", nargs=-1, metavar="[COMMAND]")
def command(session: Session, *, words: tuple[str, ...]) -> None:
    """Explain a command.

    `paas help config:set` is `paas config:set --help`; without a command it lists them all.

    For example:
      paas help config:set
    """
    run(session, words)


def run(session: Session, words: tuple[str, ...]) -> None:
    """Print the help. Raises UsageError for what is no command."""
    top = click.get_current_context().find_root()
    program = top.command
    assert isinstance(program, click.Group)
    if not words:
        text = top.get_help()
    else:
        try:
            name, found, _ = program.resolve_command(top, [":".join(words)] if len(words) > 1 else list(words))
        except click.UsageError as error:
            error.ctx = top  # what is wrong is the name of a command, and the help of `help` has none
            raise
        assert found is not None
        text = found.get_help(click.Context(found, info_name=name, parent=top))
    if session.as_json:
        session.out.json({"help": text})
        return
    session.out.raw(text + "\n")
