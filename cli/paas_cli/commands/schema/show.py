"""`paas schema`: what an app asks of its variables."""

from typing import TYPE_CHECKING

from paas_cli.command import command as declare
from paas_cli.releases import spec_change
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.variables import schema_file

if TYPE_CHECKING:
    from env_schema.schema import Variable


@declare("schema")
def command(session: Session) -> None:
    """Show what an app asks of its variables.

    Prints the schema as it was set, so that its output is a .env.schema file again. --json has
    each variable by itself. With a schema, a release whose variables are missing or of another
    type is refused before anything restarts.

    For example:
      paas schema
      paas schema -a web > .env.schema
    """
    run(session)


def run(session: Session) -> None:
    """Fetch, print."""
    text = spec_change.fetch(session).app.spec.schema
    if session.as_json:
        schema = schema_file.parse(text, source="The app's schema")
        variables = [_document(each) for each in schema.variables.values()]
        session.out.json({"app": session.app, "schema": text or None, "variables": variables})
        return
    if not text:
        session.note(f"{visible(session.app)} has no schema; {session.hint('schema:init -')} writes one to begin with.")
        return
    session.out.raw(text if text.endswith("\n") else f"{text}\n")
    session.note_escapes("The schema", session.hint("schema"))


def _document(variable: "Variable") -> dict[str, object]:
    return {
        "name": variable.name,
        "type": variable.type.name,
        "required": variable.required,
        "sensitive": variable.sensitive,
        "default": variable.default,
        "docs": variable.docs,
    }
