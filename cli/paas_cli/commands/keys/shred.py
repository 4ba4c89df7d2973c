"""`paas keys:shred`: destroy the tenant's keys, and with them every secret."""

import click

from paas_cli.command import command as declare
from paas_cli.commands.keys import shown
from paas_cli.errors import Misuse
from paas_cli.session import Session

_WHAT_HAPPENS = (
    "This destroys the keys of all secrets of the tenant, in every app, for good: none can be read, set or released "
    "any more, from a backup neither, and there will be no other key. Running processes keep what they have. Config "
    "vars, names of secrets and the audit log stay. A key service that destroys by schedule, as Cloud KMS does, lets "
    "its administrator restore the key for some days (30 where nobody set another time)."
)


@declare("keys:shred", app=False)
@click.option("--confirm", metavar="TENANT", help="The tenant's name, exactly, instead of typing it when asked.")
def command(session: Session, *, confirm: str | None) -> None:
    """Destroy the keys of all secrets for good.

    Every secret of every app is unreadable afterwards, in backups too. Config vars and the audit
    log stay. Asks for the tenant's name, which `paas whoami` shows; --confirm answers in a script.

    For example:
      paas keys:shred --confirm acme
    """
    run(session, confirm=confirm)


def run(session: Session, *, confirm: str | None) -> None:
    """Say what will happen, ask, destroy, report."""
    from paas.secrets.v1 import secrets_pb2

    session.check_sign_in()
    session.warn(_WHAT_HAPPENS)
    answer = session.change(
        "/paas.secrets.v1.KeysService/ShredKeys",
        secrets_pb2.ShredKeysRequest(
            request_id=session.new_request_id(), confirm=_ask(session) if confirm is None else confirm
        ),
        secrets_pb2.ShredKeysResponse,
        look=session.hint("keys", about_app=False),
    )
    if session.as_json:
        session.out.json({"destruction": shown.destruction_document(answer.destruction)})
    else:
        session.out.prose(f"Destroyed {shown.destruction_line(answer.destruction)}")


def _ask(session: Session) -> str:
    if not session.surroundings.stdin.isatty():
        raise Misuse("Destroying all keys needs the name of the tenant: add `--confirm TENANT`.")
    session.err.raw("Type the name of the tenant to go on: ")
    session.err.flush()
    return session.surroundings.stdin.buffer.readline().decode("utf-8", "replace").strip()
