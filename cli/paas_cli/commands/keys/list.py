"""`paas keys`: how the tenant's keys stand."""

from typing import TYPE_CHECKING

from paas_cli.command import command as declare
from paas_cli.commands.keys import shown
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.secrets.v1.secrets_pb2 import Keys


@declare("keys", app=False)
def command(session: Session) -> None:
    """Show the keys that secrets are sealed with.

    One seals; values that an older one sealed are sealed anew with it in the background. The key
    service (KMS) keeps the key that wraps them, and never gives it out.

    For example:
      paas keys
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    keys = fetch(session)
    if session.as_json:
        session.out.json(shown.document(keys))
        return
    if not keys.generations:
        session.note("There is no key yet; it is made with the first secret.")
        return
    session.out.facts([(name, visible(value)) for name, value in shown.facts(keys)])
    for generation in keys.generations:
        values = f"{generation.versions} {'value' if generation.versions == 1 else 'values'}"
        made = times.to_minute(generation.created_at)
        session.out.prose(f"generation {generation.generation}: {values}, {shown.state(keys, generation)}, made {made}")


def fetch(session: Session) -> "Keys":
    """How the keys stand now. Raises Failure."""
    from paas.secrets.v1 import secrets_pb2

    path = "/paas.secrets.v1.KeysService/GetKeys"
    return session.read(path, secrets_pb2.GetKeysRequest(), secrets_pb2.GetKeysResponse).keys
