"""`paas tokens:list`: the tenant's living tokens."""

from typing import TYPE_CHECKING

from paas_cli import times
from paas_cli.command import command as declare
from paas_cli.commands.tokens import shown
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import Token


@declare("tokens:list", app=False)
def command(session: Session) -> None:
    """List personal access tokens.

    Elsewhere than on a terminal: name, scope, apps, created, last used, expires and id,
    separated by tabs. A dash stands for never used; `all` for every app.

    For example:
      paas tokens:list
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    from paas.tokens.v1 import tokens_pb2

    found: list[Token] = []
    request = tokens_pb2.ListTokensRequest()
    while True:
        answer = session.read("/paas.tokens.v1.TokensService/ListTokens", request, tokens_pb2.ListTokensResponse)
        found.extend(answer.tokens)
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    if session.as_json:
        session.out.json({"tokens": [shown.document(token) for token in found]})
        return
    if not found:
        session.note("There are no tokens; `paas tokens:create` makes one.")
        return
    heading = ("NAME", "SCOPE", "APPS", "CREATED", "LAST USED", "EXPIRES", "ID")
    rows = [tuple(map(visible, _row(token))) for token in found]
    session.out.rows(rows, heading=heading, styles=("bold", "", "", "dim", "dim", "dim", "dim"))


def _row(token: "Token") -> tuple[str, ...]:
    return (
        token.name,
        ",".join(token.permissions),
        ",".join(token.apps) or "all",
        times.to_minute(token.created_at),
        times.to_minute(token.last_used_at) or "-",
        times.to_minute(token.expires_at),
        token.token_id,
    )
