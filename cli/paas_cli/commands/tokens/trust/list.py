"""`paas tokens:trust list`: whose CI jobs get tokens."""

from typing import TYPE_CHECKING

from paas_cli.command import command as declare
from paas_cli.commands.tokens.trust import shown
from paas_cli.session import Session
from paas_cli.terminal import table
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import Trust

_COLUMNS = (
    Column("NAME", style="bold", narrowest=12),
    Column("ISSUER", rank=2, narrowest=12),
    Column("SUBJECT", narrowest=20),
    Column("SCOPE", rank=3, narrowest=12),
    Column("APPS", rank=1, narrowest=8),
    Column("ID", rank=4, style="dim"),
)


@declare("tokens:trust:list", app=False)
def command(session: Session) -> None:
    """List whose CI jobs get tokens.

    You see the trusts you made; an admin sees everybody's. Elsewhere than on a terminal: name,
    issuer, subject, scope, apps and id, separated by tabs. `all` stands for every app.

    For example:
      paas tokens:trust list
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    found = fetch(session)
    if session.as_json:
        session.out.json({"trusts": [shown.document(trust) for trust in found]})
        return
    if not found:
        how = session.hint("tokens:trust add --help", about_app=False)
        session.note(f"There are no trusts; {how} says how to make one.")
        return
    rows = [
        (
            trust.name,
            trust.issuer,
            trust.subject,
            ",".join(trust.permissions) or "-",
            ",".join(trust.apps) or "all",
            trust.trust_id,
        )
        for trust in found
    ]
    table.write(session.out, _COLUMNS, [tuple(map(visible, row)) for row in rows])


def fetch(session: Session) -> "list[Trust]":
    """All of them. Raises Failure."""
    from paas.tokens.v1 import tokens_pb2

    found: list[Trust] = []
    request = tokens_pb2.ListTrustsRequest()
    while True:
        answer = session.read("/paas.tokens.v1.TrustsService/ListTrusts", request, tokens_pb2.ListTrustsResponse)
        found.extend(answer.trusts)
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token
