"""`paas tokens:revoke`: end a token, from the next request on."""

import click

from paas_cli.command import command as declare
from paas_cli.commands.tokens import shown
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal.text import visible


@declare("tokens:revoke", app=False)
@click.argument("token", metavar="NAME|ID")
def command(session: Session, *, token: str) -> None:
    """Revoke a token, and every token made with it.

    Takes a second; from then on no request made with it gets in. By its name, those that it was
    rotated from end as well. You see and revoke what you made; an admin what everybody did.

    For example:
      paas tokens:revoke github-ci
    """
    shown.check_reference(token, session)
    run(session, token)


def run(session: Session, token: str) -> None:
    """Revoke, report."""
    from paas.tokens.v1 import tokens_pb2

    request = tokens_pb2.RevokeTokenRequest(token=token)
    path, look = "/paas.tokens.v1.TokensService/RevokeToken", session.hint("tokens:list", about_app=False)
    try:
        answer = session.change(path, request, tokens_pb2.RevokeTokenResponse, look=look)
    except Failure as failure:
        shown.add_meant(failure, session, token)
        raise
    if session.as_json:
        document = {"descendants": answer.descendants, "rotated": answer.rotated}
        session.out.json({"token": shown.document(answer.token), **document})
        return
    more = shown.more(answer.descendants, "made with it")
    earlier = f", {answer.rotated} it was rotated from" if answer.rotated else ""
    session.out.line(f"Revoked {visible(answer.token.name)}{earlier}{more}")
