"""`paas tokens:create`: make a personal access token and show it, this once."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli import durations, hints, times
from paas_cli.command import command as declare
from paas_cli.commands.tokens import shown
from paas_cli.errors import FAILED, READER_GONE, Failure
from paas_cli.session import Session
from paas_cli.streams import Unwritten
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import CreateTokenResponse


@dataclass(frozen=True)
class CreateOptions:
    """Empty permissions and apps are all of the creator's; 0 seconds is the service's default."""

    name: str
    ttl_seconds: int
    permissions: tuple[str, ...]
    apps: tuple[str, ...]


@declare("tokens:create", app=False)
@click.option("--name", required=True, metavar="NAME", help="What it is for; unique among living tokens.")
@click.option("--ttl", metavar="TIME", help="How long it lives: 90d, 12h, 2w; at most 366d, default 30d.")
@click.option("--scope", "scopes", multiple=True, metavar="PERMISSION", help="What it may do; repeat, or use commas.")
@click.option("-a", "--app", "apps", multiple=True, metavar="APP", help="Limit it to this app; repeat for more.")
def command(session: Session, *, name: str, ttl: str | None, scopes: tuple[str, ...], apps: tuple[str, ...]) -> None:
    """Make a personal access token.

    It is shown this once, and only its digest is kept. Without --scope it may do what you may;
    `paas whoami` lists that. Give a CI system no more than it needs.

    For example:
      paas tokens:create --name github-ci --ttl 90d
      paas tokens:create --name deploy --scope config.write,releases.read --app web
    """
    seconds = durations.seconds(ttl, option="--ttl") if ttl is not None else 0
    run(CreateOptions(name, seconds, _split(scopes), _split(apps)), session)


def _split(given: tuple[str, ...]) -> tuple[str, ...]:
    """Each item once, commas and repetition meaning the same."""
    return tuple(dict.fromkeys(part for item in given for part in re.split(r"[,\s]+", item) if part))


def run(options: CreateOptions, session: Session) -> None:
    """Create and print."""
    from paas.tokens.v1 import tokens_pb2

    request = tokens_pb2.CreateTokenRequest(
        request_id=session.new_request_id(), name=options.name, permissions=options.permissions, apps=options.apps
    )
    if options.ttl_seconds:
        request.ttl.seconds = options.ttl_seconds
    answer = session.change(
        "/paas.tokens.v1.TokensService/CreateToken",
        request,
        tokens_pb2.CreateTokenResponse,
        look=session.hint("tokens:list", about_app=False),
        again=False,
        shown_once=True,
    )
    try:
        _show(answer, session)
        session.out.flush()
    except Unwritten as unwritten:
        revoke = session.hint(f"tokens:revoke {hints.quoted(options.name)}", about_app=False)
        raise Failure(
            f"The token was made, but it could not be written to standard output ({unwritten.reason}), and it is shown "
            f"only once: revoke it with {revoke} and make another.",
            exit_code=READER_GONE if unwritten.is_reader_gone else FAILED,
        ) from None


def _show(answer: "CreateTokenResponse", session: Session) -> None:
    if session.as_json:
        session.out.json({"token": shown.document(answer.token), "secret": answer.secret})
        return
    mark = session.out.styled("✓", "green")
    session.out.line(f"{mark} Created token  (expires {times.to_minute(answer.token.expires_at)})")
    session.out.line(f"  PAAS_TOKEN={visible(answer.secret)}")
