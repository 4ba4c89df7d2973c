"""`paas secrets:get`: reveal one secret. The audit log has the event before the value leaves the platform."""

import click

from paas_cli import assignments
from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.terminal_text import visible


@declare("secrets:get")
@click.argument("name", metavar="NAME")
@click.option("-n", "--no-newline", is_flag=True, help="Print the value alone, without a newline after it.")
def command(session: Session, *, name: str, no_newline: bool) -> None:
    """Reveal one secret; the audit log records it.

    Prints the value and a newline. On a terminal, control characters are shown as escapes.

    For example:
      paas secrets:get STRIPE_API_KEY
      paas secrets:get TLS_KEY --no-newline > server.key
    """
    run(session, name, no_newline=no_newline)


def run(session: Session, name: str, *, no_newline: bool) -> None:
    """Fetch and print."""
    from paas.secrets.v1 import secrets_pb2

    assignments.check_name(name, listing=session.hint("secrets"))
    request = secrets_pb2.RevealSecretRequest(app=session.app, name=name)
    answer = session.read("/paas.secrets.v1.SecretsService/RevealSecret", request, secrets_pb2.RevealSecretResponse)
    if session.as_json:
        session.out.json({"app": session.app, "name": name, "value": answer.value})
        return
    value = answer.value
    if session.out.is_terminal:
        value = "\n".join(visible(line) for line in value.split("\n"))
    session.out.raw(value if no_newline else value + "\n")
