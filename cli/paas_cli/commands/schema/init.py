"""`paas schema:init`: write a schema of the variables that an app has, to go on from."""

import click

from paas_cli.command import command as declare
from paas_cli.errors import Failure
from paas_cli.files import given_file
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.variables import schema_file, sides


@declare("schema:init")
@click.argument("file", default=schema_file.NAME, metavar="[FILE]")
def command(session: Session, *, file: str) -> None:
    """Write a schema of the variables an app has.

    Every variable is required, its type guessed by the value of a config var; what is empty is
    optional. Secrets and what add-ons manage are @sensitive; their values are not looked at. What
    it gets of groups is among it. No value gets into it. FILE is .env.schema unless another is
    named, and must not be there yet; `-` is standard output.

    For example:
      paas schema:init -a web
      paas schema:init - -a web | less
    """
    run(file, session)


def run(file: str, session: Session) -> None:
    """Fetch, guess, write."""
    from env_schema import writing

    side = sides.environment(session)
    if not side.names:
        raise Failure(f"{visible(session.app)} has no variables that a schema could be written of.")
    text = writing.write(side.config, (*side.managed, *(side.secrets or ())))
    if file == "-" and not session.as_json:
        given_file.write(file, text, out=session.out)
        return
    if file != "-":
        given_file.write_new(file, text)
    if session.as_json:
        session.out.json({"app": session.app, "file": None if file == "-" else file, "schema": text})
        return
    count = len(side.names)
    session.err.line(f"Wrote {count} {'variable' if count == 1 else 'variables'} to {visible(file)}")
    session.note(f"Once it says what you mean, {session.hint('schema:set')} keeps it with the app.")
