"""`paas tokens:list`: the tenant's living tokens."""

from functools import partial
from typing import TYPE_CHECKING

from paas_cli.command import command as declare
from paas_cli.commands.tokens import shown
from paas_cli.session import Session
from paas_cli.terminal import table, times
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paas.tokens.v1.tokens_pb2 import Token

# How many permissions or apps of a token are named on a terminal; `--json` and pipes have them all.
_ON_A_TERMINAL = 2

_COLUMNS = (
    Column("NAME", style="bold", narrowest=12),
    Column("SCOPE", rank=2, narrowest=12),
    Column("APPS", rank=1, narrowest=8),
    Column("CREATED", rank=4, style="dim"),
    Column("LAST USED", rank=3, style="dim"),
    Column("EXPIRES", style="dim"),
    Column("ID", rank=5, style="dim"),
)


@declare("tokens:list", app=False)
def command(session: Session) -> None:
    """List personal access tokens.

    You see those you made, with whatever token; an admin sees everybody's.
    Elsewhere than on a terminal: name, scope, apps, created, last used, expires and id,
    separated by tabs. A dash stands for never used; `all` for every app.

    For example:
      paas tokens:list
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    found = fetch(session)
    if session.as_json:
        session.out.json({"tokens": [shown.document(token) for token in found]})
        return
    if not found:
        how = session.hint("tokens:create --help", about_app=False)
        session.note(f"There are no tokens; {how} says how to make one.")
        return
    table.write(session.out, _COLUMNS, [tuple(map(visible, _row(session, token))) for token in found])


def fetch(session: Session) -> "list[Token]":
    """All of them. Raises Failure."""
    from paas.tokens.v1 import tokens_pb2

    found: list[Token] = []
    request = tokens_pb2.ListTokensRequest()
    while True:
        answer = session.read("/paas.tokens.v1.TokensService/ListTokens", request, tokens_pb2.ListTokensResponse)
        found.extend(answer.tokens)
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def _row(session: Session, token: "Token") -> tuple[str, ...]:
    most = _ON_A_TERMINAL if session.out.is_terminal else None
    when = partial(session.when, exactly=times.to_minute)
    return (
        token.name,
        _listed(token.permissions, most),
        _listed(token.apps, most) or "all",
        when(token.created_at),
        when(token.last_used_at) or "-",
        when(token.expires_at),
        token.token_id,
    )


def _listed(names: "Sequence[str]", most: int | None) -> str:
    """Return the names, or where at most `most` fit in a line, those and how many more there are."""
    shown_names = names[:most]
    more = len(names) - len(shown_names)
    return ",".join(shown_names) + (f" +{more}" if more else "")
