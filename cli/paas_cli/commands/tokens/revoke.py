"""`paas tokens:revoke`: end a token, from the next request on."""

import click

from paas_cli.command import command as declare
from paas_cli.commands.tokens import shown
from paas_cli.credentials import looks_like_one
from paas_cli.errors import Misuse
from paas_cli.session import Session
from paas_cli.terminal_text import visible


@declare("tokens:revoke", app=False)
@click.argument("token", metavar="NAME|ID")
def command(session: Session, *, token: str) -> None:
    """Revoke a token, and every token made with it.

    Takes a second; from then on no request made with it gets in.

    For example:
      paas tokens:revoke github-ci
    """
    if token.startswith("paas_pat_") or looks_like_one(
        "", token
    ):  # it would end up in a request's log; the name is enough
        listing = session.hint("tokens:list", about_app=False)
        raise Misuse(f"Name the token by its name or id, not by its text; {listing} shows both.")
    run(session, token)


def run(session: Session, token: str) -> None:
    """Revoke, report."""
    from paas.tokens.v1 import tokens_pb2

    request = tokens_pb2.RevokeTokenRequest(token=token)
    answer = session.change(
        "/paas.tokens.v1.TokensService/RevokeToken",
        request,
        tokens_pb2.RevokeTokenResponse,
        look=session.hint("tokens:list", about_app=False),
    )
    if session.as_json:
        session.out.json({"token": shown.document(answer.token), "descendants": answer.descendants})
        return
    more = ""
    if answer.descendants:
        more = f" and {answer.descendants} {'token' if answer.descendants == 1 else 'tokens'} made with it"
    session.out.line(f"Revoked {visible(answer.token.name)}{more}")
