"""`paas tokens:trust list`: whose CI jobs get tokens."""

from typing import TYPE_CHECKING

from paas_cli.command import command as declare
from paas_cli.commands.tokens.trust import shown
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import Trust


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
    from paas.tokens.v1 import tokens_pb2

    found: list[Trust] = []
    request = tokens_pb2.ListTrustsRequest()
    while True:
        answer = session.read("/paas.tokens.v1.TrustsService/ListTrusts", request, tokens_pb2.ListTrustsResponse)
        found.extend(answer.trusts)
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    if session.as_json:
        session.out.json({"trusts": [shown.document(trust) for trust in found]})
        return
    if not found:
        how = session.hint("tokens:trust add --help", about_app=False)
        session.note(f"There are no trusts; {how} says how to make one.")
        return
    heading = ("NAME", "ISSUER", "SUBJECT", "SCOPE", "APPS", "ID")
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
    shown_rows = [tuple(map(visible, row)) for row in rows]
    session.out.rows(shown_rows, heading=heading, styles=("bold", "", "", "", "", "dim"))
