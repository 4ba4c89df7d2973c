"""`paas tokens:create`: make a personal access token and show it, this once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.commands.tokens import new_text, shown
from paas_cli.commands.tokens.new_text import TTL_LIMITS
from paas_cli.errors import Failure
from paas_cli.files import given_file
from paas_cli.session import Session
from paas_cli.terminal import hints, times
from paas_cli.terminal.text import visible
from paas_cli.typed import durations, nearness
from paas_cli.typed.credentials import may_be_a_value

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import CreateTokenResponse

# How many apps are named where others were refused.
_MOST_APPS = 20
# Permissions that are not suggested for another word.
_DO_MORE = frozenset({"secrets.reveal", "tokens.manage", "keys.manage"})


@dataclass(frozen=True)
class CreateOptions:
    """Empty permissions are what CI needs, empty apps all of the creator's; 0 seconds is the service's default.

    `proof` names the file to prove it in.
    """

    name: str
    ttl_seconds: int
    permissions: tuple[str, ...]
    apps: tuple[str, ...]
    proof: str | None


@declare("tokens:create", app=False)
@click.option("--name", required=True, metavar="NAME", help="What it is for; unique among living tokens.")
@click.option("--ttl", metavar="TIME", help="How long it lives: 90d, 12h, 2w; at most 366d, default 30d.")
@click.option("--scope", "scopes", multiple=True, metavar="PERMISSION", help="What it may do; repeat, or use commas.")
@click.option("-a", "--app", "apps", multiple=True, metavar="APP", help="Limit it to this app; repeat for more.")
@click.option("--proof", metavar="FILE", help="Write a proof into a new file that the log has this.")
def command(
    session: Session, *, name: str, ttl: str | None, scopes: tuple[str, ...], apps: tuple[str, ...], proof: str | None
) -> None:
    """Make a personal access token.

    It is shown this once, and only its digest is kept. Without --scope it may do what CI needs,
    as far as you may: change config and secrets, release, and read all but secrets. It can't
    reveal secrets or make tokens unless --scope says so; `paas whoami` lists what you can give.

    For example:
      paas tokens:create --name github-ci --ttl 90d
      paas tokens:create --name deploy --scope config.write --app web
    """
    seconds = durations.seconds(ttl, option="--ttl", limits=TTL_LIMITS) if ttl is not None else 0
    run(CreateOptions(name, seconds, split(scopes), split(apps), proof), session)


def split(given: tuple[str, ...]) -> tuple[str, ...]:
    """Each item once, commas and repetition meaning the same."""
    return tuple(dict.fromkeys(part for item in given for part in re.split(r"[,\s]+", item) if part))


def run(options: CreateOptions, session: Session) -> None:
    """Create, print, prove."""
    if options.proof is not None:
        given_file.check_new(options.proof)
    from paas.tokens.v1 import tokens_pb2

    request = tokens_pb2.CreateTokenRequest(
        request_id=session.new_request_id(), name=options.name, permissions=options.permissions, apps=options.apps
    )
    if options.ttl_seconds:
        request.ttl.seconds = options.ttl_seconds
    try:
        answer = session.change(
            "/paas.tokens.v1.TokensService/CreateToken",
            request,
            tokens_pb2.CreateTokenResponse,
            look=session.hint("tokens:list", about_app=False),
            again=False,
            shown_once=True,
        )
    except Failure as failure:
        as_typed(failure, options.apps)
        if options.apps and failure.details.get("reason") == "APP_NOT_FOUND":
            failure.sentence += _apps_there_are(session)
        elif failure.details.get("reason") == "INVALID_INPUT":
            failure.sentence = nearness.asked(failure.sentence, _permissions_meant(options.permissions, session))
        raise
    revoke = session.hint(f"tokens:revoke {hints.quoted(options.name)}", about_app=False)
    with new_text.shown_once(session, done=f"The token was made, but {{}}: revoke it with {revoke} and make another."):
        _show(answer, session)
    if options.proof is not None:
        from paas_cli.log import proofs

        session.surroundings.done()
        proofs.keep(options.proof, answer.audit_event_id, session, done="The token was made")


def as_typed(failure: Failure, apps: Sequence[str]) -> None:
    """Name options in a refusal, and the app that was typed, where the service names fields of the request.

    A name that may be a value pasted in the wrong place is not repeated.
    """

    def option(found: re.Match[str]) -> str:
        app = apps[int(found.group(1))]
        return "--app:" if may_be_a_value(app) else f"--app {hints.quoted(app)}:"

    sentence = re.sub(r"\n  apps\[\d+\]: [^\n]*", "", failure.sentence)  # lines that say which are said already
    sentence = re.sub(r"\bpermissions\[\d+\]", "--scope", sentence)
    failure.sentence = re.sub(r"\bapps\[(\d+)\]:?", option, sentence)


def _show(answer: "CreateTokenResponse", session: Session) -> None:
    if session.as_json:
        session.out.json({"token": shown.document(answer.token), "secret": answer.secret, **new_text.gateway(session)})
        return
    mark = session.out.styled("✓", "green")
    session.out.line(f"{mark} Created token  (expires {times.to_minute(answer.token.expires_at)})")
    new_text.show(answer.token, answer.secret, session)


def _permissions_meant(given: Sequence[str], session: Session) -> list[str]:
    """For words that are no permissions, those they may have been meant as, of what the caller can give.

    A noun alone has what is done to it; for the rest only another spelling is meant: `secrets.read` is not
    `secrets.reveal`.
    """
    mine, meant = sorted(session.permissions), []
    for word in given:
        if word not in mine:
            spelt = re.sub(r"[:_-]", ".", word.lower())
            of_noun = [each for each in mine if each.startswith(f"{spelt}.") and each not in _DO_MORE]
            meant += of_noun or [each for each in mine if nearness.distance(spelt, each) <= 1]
    return meant


def _apps_there_are(session: Session) -> str:
    """Those the caller sees, for a sentence that refused others; nothing where they can't be had."""
    from paas.config.v1 import config_pb2

    try:
        request = config_pb2.ListAppsRequest()
        answer = session.read("/paas.config.v1.ConfigService/ListApps", request, config_pb2.ListAppsResponse)
    except Failure:
        return ""
    names = [visible(app.name) for app in answer.apps[:_MOST_APPS]]
    more = ", and more" if len(answer.apps) > _MOST_APPS or answer.next_page_token else ""
    return f" You have {', '.join(names)}{more}." if names else " You have no apps."
