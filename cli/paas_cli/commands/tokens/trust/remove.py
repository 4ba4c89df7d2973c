"""`paas tokens:trust remove`: end a trust and the tokens it gave."""

import click

from paas_cli.command import command as declare
from paas_cli.commands.tokens.trust import shown
from paas_cli.session import Session
from paas_cli.terminal.text import visible


@declare("tokens:trust:remove", app=False)
@click.argument("trust", metavar="NAME|ID")
def command(session: Session, *, trust: str) -> None:
    """Give a CI system's jobs no tokens any more.

    Takes a second; from then on no request made with a token that the trust gave gets in either.

    For example:
      paas tokens:trust remove app
    """
    run(session, trust)


def run(session: Session, trust: str) -> None:
    """Remove, report."""
    from paas.tokens.v1 import tokens_pb2

    answer = session.change(
        "/paas.tokens.v1.TrustsService/DeleteTrust",
        tokens_pb2.DeleteTrustRequest(trust=trust),
        tokens_pb2.DeleteTrustResponse,
        look=session.hint("tokens:trust list", about_app=False),
    )
    if session.as_json:
        session.out.json({"trust": shown.document(answer.trust), "tokens": answer.tokens})
        return
    count = answer.tokens
    more = f" and {count} {'token' if count == 1 else 'tokens'} it gave" if count else ""
    session.out.line(f"Removed trust {visible(answer.trust.name)}{more}")
