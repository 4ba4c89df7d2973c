"""The names of an app's secrets, where they matter to a command about something else."""

from paas_cli import errors
from paas_cli.errors import Failure
from paas_cli.session import Session


def listed(session: Session) -> list[str]:
    """All that are live, in their order. Raises Failure."""
    from paas.secrets.v1 import secrets_pb2

    names: list[str] = []
    request = secrets_pb2.ListSecretsRequest(app=session.app)
    while True:
        answer = session.read("/paas.secrets.v1.SecretsService/ListSecrets", request, secrets_pb2.ListSecretsResponse)
        names += [secret.name for secret in answer.secrets]
        if not answer.next_page_token:
            return names
        request.page_token = answer.next_page_token


def or_none(session: Session) -> list[str] | None:
    """The same; None where the caller may not list them, or secrets is away, and something can be said without."""
    try:
        return listed(session)
    except Failure as failure:
        if failure.exit_code not in (errors.NOT_ALLOWED, errors.UNAVAILABLE):
            raise
        return None
