"""`paas tokens:exchange`: in a CI job, get a token for the one that the CI system gave the job."""

from dataclasses import dataclass

import click

from paas_cli.command import command as declare
from paas_cli.commands.tokens import new_text
from paas_cli.commands.tokens import shown as token_shown
from paas_cli.commands.tokens.trust import shown
from paas_cli.errors import NOT_ALLOWED, Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_transport.rpc_error import UNAUTHENTICATED, RpcError

_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_TRUST = "PAAS_TRUST"


@dataclass(frozen=True)
class ExchangeOptions:
    """`audience` empty is the trust's own; without a file and a variable the CI system is found by itself."""

    trust: str
    audience: str
    token_file: str | None
    variable: str | None
    github_env: bool


@declare("tokens:exchange", app=False)
@click.option("--trust", metavar="ID", help="The trust's id; else PAAS_TRUST.")
@click.option("--audience", metavar="TEXT", help="The trust's audience, where it was given one.")
@click.option("--token-file", metavar="FILE", help="Where the job's own token is; - is standard input.")
@click.option("--id-token-var", "variable", metavar="NAME", help="The variable it is in; of GitLab PAAS_ID_TOKEN.")
@click.option("--github-env", is_flag=True, help="Set PAAS_TOKEN for the steps after this one, and print nothing.")
def command(
    session: Session,
    *,
    trust: str | None,
    audience: str | None,
    token_file: str | None,
    variable: str | None,
    github_env: bool,
) -> None:
    """In a CI job: get a token for the one its system gave.

    On GitHub Actions, GitLab and CircleCI it finds that by itself. It prints the token alone, which
    lives for 15 minutes at most. Each token of a job is exchanged once. See `paas tokens:trust add`.

    For example:
      PAAS_TOKEN=$(paas tokens:exchange --trust 0f8fad5bd9cb469fa16570867728950e)
      export PAAS_TOKEN
      paas tokens:exchange --github-env
    """
    chosen = trust or session.surroundings.environ.get(_TRUST, "").strip()
    if not chosen:
        raise Misuse(f"Name the trust with --trust or {_TRUST}; `paas tokens:trust list` shows its id.")
    if token_file is not None and variable is not None:
        raise Misuse("--token-file and --id-token-var both say where the token is; give one.")
    run(ExchangeOptions(chosen, audience or "", token_file, variable, github_env), session)


def run(options: ExchangeOptions, session: Session) -> None:
    """Find the job's token, exchange it, hand the new one over."""
    from paas.tokens.v1 import tokens_pb2

    environ = session.surroundings.environ
    target = environ.get("GITHUB_ENV", "")
    if options.github_env and not target:
        raise Misuse("--github-env is for a job of GitHub Actions, which has GITHUB_ENV.")
    gateway = session.place.gateway  # known before the job's token is asked for
    request = tokens_pb2.ExchangeTokenRequest(
        grant_type=_GRANT_TYPE,
        trust=options.trust,
        subject_token=_token(options, session),
        subject_token_type=_JWT,
    )
    try:
        answer = session.call_as_nobody(
            "/paas.tokens.v1.TrustsService/ExchangeToken", request, tokens_pb2.ExchangeTokenResponse
        )
    except RpcError as error:
        raise _failure(error, session) from None
    if environ.get("GITHUB_ACTIONS") == "true":
        # Standard output is what a shell takes for a variable; the runner reads its commands on standard error as well.
        session.err.line(f"::add-mask::{visible(answer.access_token)}")
        session.err.flush()
    if options.github_env:
        _append(target, f"PAAS_TOKEN={answer.access_token}\n")
    done = "The token was exchanged, but {}: it ends by itself within minutes."
    with new_text.shown_once(session, done=done):
        if session.as_json:
            secret = {} if options.github_env else {"secret": answer.access_token}
            session.out.json({"token": token_shown.document(answer.token), **secret, "gateway": str(gateway)})
        elif not options.github_env:
            session.out.line(visible(answer.access_token))


def _token(options: ExchangeOptions, session: Session) -> str:
    if options.token_file is not None:
        return shown.given_token(options.token_file, session)
    from paas_cli.ci import found

    audience = options.audience or f"paas-trust:{options.trust}"
    text = found.token(session.surroundings.environ, audience=audience, variable=options.variable)
    return shown.checked(text, source="the CI system")


def _failure(error: RpcError, session: Session) -> Failure:
    if error.code == UNAUTHENTICATED:
        return Failure(visible(error.message), exit_code=NOT_ALLOWED, details={"code": error.code_name})
    return session.failure(error, effect=None)


def _append(path: str, text: str) -> None:
    from paas_cli.terminal import streams

    try:
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs more than this command's imports
            file.write(text)
    except OSError as error:
        raise Failure(f"GITHUB_ENV can't be written: {streams.reason(error)}.") from None
