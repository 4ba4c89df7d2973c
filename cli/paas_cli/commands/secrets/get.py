"""`paas secrets:get`: reveal secrets. The audit log has the event before a value leaves the platform."""

from collections.abc import Sequence

import click

from paas_cli.command import command as declare
from paas_cli.errors import Failure, Misuse
from paas_cli.files import given_file
from paas_cli.session import Session
from paas_cli.typed import assignments
from paas_transport.grpcweb import Answer, Encodable


@declare("secrets:get")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("-n", "--no-newline", is_flag=True, help="Print the one value alone, without a newline after it.")
@click.option("--reason", metavar="TEXT", help="Why, in one line; it is kept in the audit log, with no value in it.")
@click.option("--proof", metavar="FILE", help="Write a proof into a new file that the log has this, of one value.")
def command(
    session: Session, *, names: tuple[str, ...], no_newline: bool, reason: str | None, proof: str | None
) -> None:
    """Reveal secrets; the audit log records it.

    Prints the value and a newline; of several names NAME=value lines, as `paas config:export`
    does, all of them or none. On a terminal, control and invisible characters are shown as
    escapes; piped or redirected, values are exact.

    For example:
      paas secrets:get STRIPE_API_KEY
      paas secrets:get TLS_KEY --no-newline > server.key
      paas secrets:get DB_USER DB_PASSWORD > .env
      paas secrets:get STRIPE_API_KEY --reason "Ticket 4711"
      paas secrets:get STRIPE_API_KEY --proof reveal.tlog-proof
    """
    run(session, names, no_newline=no_newline, reason=reason or "", proof=proof)


def run(session: Session, names: Sequence[str], *, no_newline: bool, reason: str, proof: str | None) -> None:
    """Check, fetch, print, prove."""
    assignments.check_secret_names(names, listing=session.hint("secrets"))
    if len(names) == 1:
        if proof is not None:
            given_file.check_new(proof)
        event_id = _one(session, names[0], no_newline=no_newline, reason=reason)
        if proof is not None:
            from paas_cli.log import proofs

            session.out.flush()
            proofs.keep(proof, event_id, session, done="The value was revealed")
    elif proof is not None:
        raise Misuse("--proof is for one value alone.")
    elif no_newline:
        raise Misuse("--no-newline is for one value alone.")
    else:
        _several(session, names, reason=reason)


def _read(session: Session, names: Sequence[str], method: str, request: Encodable, answer: type[Answer]) -> Answer:
    """Ask. Raises Failure; for a name that is none it says what has it, as far as that may be known."""
    try:
        return session.read(f"/paas.secrets.v1.SecretsService/{method}", request, answer)
    except Failure as failure:
        if failure.details.get("reason") == "NAME_NOT_SET" and (better := _absent(session, names)) is not None:
            better.details = failure.details
            raise better from None
        raise


def _absent(session: Session, names: Sequence[str]) -> Failure | None:
    from paas_cli.variables import absent

    return absent.of_secrets(session, names)


def _one(session: Session, name: str, *, no_newline: bool, reason: str) -> str:
    """Print a value; the id of the event that it was recorded as."""
    from paas.secrets.v1 import secrets_pb2

    request = secrets_pb2.RevealSecretRequest(app=session.app, name=name, reason=reason)
    answer = _read(session, [name], "RevealSecret", request, secrets_pb2.RevealSecretResponse)
    if session.as_json:
        session.out.json({"app": session.app, "name": name, "value": answer.value})
    else:
        session.out.raw(answer.value if no_newline else answer.value + "\n")
        session.note_escapes(name, session.hint(f"secrets:get {name} --no-newline"))
    return answer.audit_event_id


def _several(session: Session, names: Sequence[str], *, reason: str) -> None:
    from paas.secrets.v1 import secrets_pb2

    from paas_cli.dotenv.formats import write

    request = secrets_pb2.RevealSecretsRequest(app=session.app, names=names, reason=reason)
    answer = _read(session, names, "RevealSecrets", request, secrets_pb2.RevealSecretsResponse)
    if session.as_json:
        secrets = [{"name": secret.name, "value": secret.value} for secret in answer.secrets]
        session.out.json({"app": session.app, "secrets": secrets})
        return
    session.out.raw(write("dotenv", {secret.name: secret.value for secret in answer.secrets}))
    session.note_escapes(" and ".join(names), session.hint(f"secrets:get {' '.join(names)}"))
