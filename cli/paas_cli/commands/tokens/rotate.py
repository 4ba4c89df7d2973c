"""`paas tokens:rotate`: a new text for a token, while the one before goes on working for a while."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.commands.tokens import new_text, shown
from paas_cli.commands.tokens.new_text import TTL_LIMITS
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal import hints, times
from paas_cli.terminal.text import visible
from paas_cli.typed import durations

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import RotateTokenResponse


@dataclass(frozen=True)
class RotateOptions:
    """`overlap_seconds` None is the service's default, 0 none; `ttl_seconds` 0 is as long as the one before."""

    token: str
    overlap_seconds: int | None
    ttl_seconds: int


@declare("tokens:rotate", app=False)
@click.argument("token", metavar="NAME|ID")
@click.option("--overlap", metavar="TIME", help="How long the old text works on: 1h, 7d; 0 ends it now; default 24h.")
@click.option("--ttl", metavar="TIME", help="How long the new one lives; default as long as the old one was to.")
def command(session: Session, *, token: str, overlap: str | None, ttl: str | None) -> None:
    """Give a token a new text, under the same name.

    Scope and apps stay, as far as you may give them. The old text works on for the overlap, so
    that there is time to put the new one in its place, and then ends by itself; so does what
    was made with it. The new text is shown this once.

    For example:
      paas tokens:rotate github-ci
      paas tokens:rotate github-ci --overlap 0
    """
    shown.check_reference(token, session)
    run(
        RotateOptions(
            token=token,
            overlap_seconds=None
            if overlap is None
            else durations.seconds(overlap, option="--overlap", limits="0, or from 1m to 30d", zero=True),
            ttl_seconds=0 if ttl is None else durations.seconds(ttl, option="--ttl", limits=TTL_LIMITS),
        ),
        session,
    )


def run(options: RotateOptions, session: Session) -> None:
    """Rotate and print."""
    from paas.tokens.v1 import tokens_pb2

    request = tokens_pb2.RotateTokenRequest(request_id=session.new_request_id(), token=options.token)
    if options.overlap_seconds is not None:
        request.overlap.seconds = options.overlap_seconds
    if options.ttl_seconds:
        request.ttl.seconds = options.ttl_seconds
    path, look = "/paas.tokens.v1.TokensService/RotateToken", session.hint("tokens:list", about_app=False)
    try:
        answer = session.change(path, request, tokens_pb2.RotateTokenResponse, look=look, again=False, shown_once=True)
    except Failure as failure:
        shown.add_meant(failure, session, options.token)
        raise
    again = session.hint(f"tokens:rotate {hints.quoted(options.token)}", about_app=False)
    with new_text.shown_once(session, done=f"The token was rotated, but {{}}: rotate it again with {again}."):
        _show(answer, ends_now=options.overlap_seconds == 0, session=session)


def _show(answer: "RotateTokenResponse", *, ends_now: bool, session: Session) -> None:
    if session.as_json:
        session.out.json(
            {
                "token": shown.document(answer.token),
                "secret": answer.secret,
                "previous": shown.document(answer.previous),
                "descendants": answer.descendants,
                **new_text.gateway(session),
            }
        )
        return
    mark = session.out.styled("✓", "green")
    name, expires = visible(answer.token.name), times.to_minute(answer.token.expires_at)
    session.out.line(f"{mark} Rotated {name}  (expires {expires})")
    new_text.show(answer.token, answer.secret, session)
    more = shown.more(answer.descendants, "made with it")
    when = "ended now" if ends_now else f"ends {times.to_minute(answer.previous.expires_at)}"
    session.note(f"the text before{more} {when}.")
