"""`paas secrets`: the names of an app's secrets. It neither has nor shows a value."""

from typing import TYPE_CHECKING

from paas_cli import actions, draft_shown, times
from paas_cli.command import command as declare
from paas_cli.output import MASK
from paas_cli.session import Session

if TYPE_CHECKING:
    from paas.secrets.v1.secrets_pb2 import Secret, StagedSecret


@declare("secrets")
def command(session: Session) -> None:
    """List the names of secrets.

    Values are masked, and are not even fetched. `paas secrets:get NAME` reveals one. What is
    staged is below what is live and marked (staged); elsewhere than on a terminal such a line
    starts with `# `, as a comment.

    For example:
      paas secrets -a web
      paas secrets -a web --json
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    from paas.secrets.v1 import secrets_pb2

    found: list[Secret] = []
    staged: list[StagedSecret] = []
    request = secrets_pb2.ListSecretsRequest(app=session.app)
    while True:
        answer = session.read("/paas.secrets.v1.SecretsService/ListSecrets", request, secrets_pb2.ListSecretsResponse)
        found.extend(answer.secrets)
        staged.extend(answer.staged)  # on the first page only
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    if session.as_json:
        documents = [_document(secret) for secret in found]
        staged_documents = [draft_shown.document(item, MASK) for item in staged]
        document = {"app": session.app, "version": answer.version, "secrets": documents, "staged": staged_documents}
        session.out.json(document)
        return
    if not found:
        session.note(f"{session.app} has no secrets.")
    draft = {item.name: item for item in staged}
    for secret in found:
        session.out.line(_line(session, secret))
        if secret.name in draft:
            session.out.line(_staged_line(session, draft.pop(secret.name)))
    for item in draft.values():
        session.out.line(_staged_line(session, item))


def _line(session: Session, secret: "Secret") -> str:
    until = times.to_second(secret.previous_until)
    suffix = session.out.styled(f"   (the value before until {until})", "dim") if until else ""
    return draft_shown.assignment(session.out, secret.name, MASK) + suffix


def _staged_line(session: Session, item: "StagedSecret") -> str:
    value = None if item.action == actions.REMOVED else MASK
    return draft_shown.marked(session.out, draft_shown.assignment(session.out, item.name, value))


def _document(secret: "Secret") -> dict[str, object]:
    return {
        "name": secret.name,
        "value": MASK,
        "version": secret.version,
        "updated_at": times.or_null(secret.updated_at),
        "previous_until": times.or_null(secret.previous_until),
    }
