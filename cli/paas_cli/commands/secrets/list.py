"""`paas secrets`: the names of an app's secrets. It neither has nor shows a value."""

from typing import TYPE_CHECKING

from paas_cli import times
from paas_cli.command import command as declare
from paas_cli.output import MASK
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.secrets.v1.secrets_pb2 import Secret


@declare("secrets")
def command(session: Session) -> None:
    """List the names of secrets.

    Values are masked, and are not even fetched. `paas secrets:get NAME` reveals one.

    For example:
      paas secrets -a web
      paas secrets -a web --json
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    from paas.secrets.v1 import secrets_pb2

    found: list[Secret] = []
    request = secrets_pb2.ListSecretsRequest(app=session.app)
    while True:
        answer = session.read("/paas.secrets.v1.SecretsService/ListSecrets", request, secrets_pb2.ListSecretsResponse)
        found.extend(answer.secrets)
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    if session.as_json:
        session.out.json({"app": session.app, "version": answer.version, "secrets": [_document(s) for s in found]})
        return
    if not found:
        session.note(f"{session.app} has no secrets.")
    for secret in found:
        until = times.to_second(secret.previous_until)
        suffix = session.out.styled(f"   (the value before until {until})", "dim") if until else ""
        session.out.line(f"{session.out.styled(visible(secret.name), 'cyan')}={MASK}{suffix}")


def _document(secret: "Secret") -> dict[str, object]:
    return {
        "name": secret.name,
        "value": MASK,
        "version": secret.version,
        "updated_at": times.or_null(secret.updated_at),
        "previous_until": times.or_null(secret.previous_until),
    }
