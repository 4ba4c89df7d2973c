"""`paas schema:set`: keep a schema with the app, so that every release is held against it."""

import click

from paas_cli.command import command as declare
from paas_cli.command import release_options
from paas_cli.releases import spec_change
from paas_cli.releases.changes import ReleaseOptions
from paas_cli.session import Session
from paas_cli.variables import schema_file


@declare("schema:set")
@click.argument("file", default=schema_file.NAME, metavar="[FILE]")
@release_options
def command(session: Session, *, file: str, stage: bool, no_wait: bool) -> None:
    """Keep a schema with the app and release it.

    FILE is a schema, .env.schema unless another is named; `-` is standard input. From then on a
    release is refused, before anything restarts, if a variable is missing, of another type, or
    @sensitive and no secret. The first such release is this one: `paas schema:check` says
    beforehand what it would find. Its text, names of secrets among it, is shown to everybody who
    may read the app.

    For example:
      paas schema:set -a web
      paas schema:set - -a web < .env.schema
    """
    run(file, ReleaseOptions(stage=stage, no_wait=no_wait), session)


def run(file: str, options: ReleaseOptions, session: Session) -> None:
    """Read, keep, report."""
    text, schema = schema_file.read(file, session)
    count = len(schema.variables)
    subject = f"the schema of {count} {'variable' if count == 1 else 'variables'}"
    text = text.removeprefix("\ufeff")
    spec_change.make(session, lambda spec: setattr(spec, "schema", text), options, verb="Set", subject=subject)
