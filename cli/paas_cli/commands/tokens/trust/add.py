"""`paas tokens:trust add`: say whose CI jobs get tokens, and what these may do."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.commands.tokens.create import as_typed, split
from paas_cli.commands.tokens.trust import shown
from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed import durations

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import Trust

_TTL_LIMITS = "from 1m to 15m"
_PROVIDERS = ("github", "gitlab", "circleci", "other")
# The repository in a subject of GitHub's or GitLab's, which is what a trust is called that is given no name.
_REPOSITORY = re.compile(r"(?:repo|project_path):[^:]*/([A-Za-z0-9._-]+?)(?:@[0-9]+)?:")


@dataclass(frozen=True)
class AddOptions:
    """Empty permissions are what CI needs, empty apps all of the maker's; 0 seconds is the service's default."""

    name: str
    issuer: str
    provider: str
    audience: str
    subject: str
    claims: tuple[tuple[str, str], ...]
    allow_pull_requests: bool
    ttl_seconds: int
    permissions: tuple[str, ...]
    apps: tuple[str, ...]


@declare("tokens:trust:add", app=False)
@click.option("--issuer", required=True, metavar="URL", help="Who signs the job's token, exactly as in its `iss`.")
@click.option("--subject", required=True, metavar="TEXT", help="Whose it has to be; may end in * after the repository.")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="What else it has to say; repeat.")
@click.option("--audience", metavar="TEXT", help="For whom it has to be; without it one that no other trust has.")
@click.option("--scope", "scopes", multiple=True, metavar="PERMISSION", help="What jobs may do; repeat, or use commas.")
@click.option("-a", "--app", "apps", multiple=True, metavar="APP", help="Limit them to this app; repeat for more.")
@click.option("--ttl", metavar="TIME", help="How long a token lives: 5m; at most and by default 15m.")
@click.option("--allow-pull-requests", is_flag=True, help="Jobs of pull requests get tokens too.")
@click.option("--name", metavar="NAME", help="What the trust is called; without it as the repository.")
@click.option("--provider", type=click.Choice(_PROVIDERS), help="What an issuer of your own runs.")
def command(
    session: Session,
    *,
    issuer: str,
    subject: str,
    claims: tuple[str, ...],
    audience: str | None,
    scopes: tuple[str, ...],
    apps: tuple[str, ...],
    ttl: str | None,
    allow_pull_requests: bool,
    name: str | None,
    provider: str | None,
) -> None:
    r"""Let jobs of a CI system get tokens without holding one.

    A job shows what its CI system signs of it, and gets a token that lives for 15 minutes at most
    and does no more than you may at that moment. Of GitHub and GitLab ids count, not names: give
    them in the subject or as claims. Jobs of pull requests get nothing unless you say so.

    For example:
      paas tokens:trust add --issuer https://token.actions.githubusercontent.com \
        --subject 'repo:octo@123456/app@456789:ref:refs/heads/main' \
        --scope config.write --app web
      paas tokens:trust add --issuer https://gitlab.com --claim project_id=28 \
        --subject 'project_path:octo/app:ref_type:branch:ref:main'
    """
    seconds = durations.seconds(ttl, option="--ttl", limits=_TTL_LIMITS) if ttl is not None else 0
    options = AddOptions(
        name=name or _name_of(subject),
        issuer=issuer,
        provider=provider or "",
        audience=audience or "",
        subject=subject,
        claims=tuple(_claim(each, place) for place, each in enumerate(claims, 1)),
        allow_pull_requests=allow_pull_requests,
        ttl_seconds=seconds,
        permissions=split(scopes),
        apps=split(apps),
    )
    run(options, session)


def _claim(given: str, place: int) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise Misuse(f"--claim number {place} is not NAME=VALUE, such as repository_id=456789.")
    return name, value


def _name_of(subject: str) -> str:
    found = _REPOSITORY.match(subject)
    return found.group(1)[:40] if found is not None else "ci"


def run(options: AddOptions, session: Session) -> None:
    """Make it, and say what a job needs."""
    from paas.tokens.v1 import tokens_pb2

    request = tokens_pb2.CreateTrustRequest(
        request_id=session.new_request_id(),
        name=options.name,
        issuer=options.issuer,
        provider=options.provider,
        audience=options.audience,
        subject=options.subject,
        conditions=[tokens_pb2.Condition(claim=claim, value=value) for claim, value in options.claims],
        allow_pull_requests=options.allow_pull_requests,
        permissions=options.permissions,
        apps=options.apps,
    )
    if options.ttl_seconds:
        request.ttl.seconds = options.ttl_seconds
    look = session.hint("tokens:trust list", about_app=False)
    try:
        answer = session.change(
            "/paas.tokens.v1.TrustsService/CreateTrust", request, tokens_pb2.CreateTrustResponse, look=look
        )
    except Failure as failure:
        as_typed(failure, options.apps)
        raise
    if session.as_json:
        session.out.json({"trust": shown.document(answer.trust), "gateway": str(session.sign_in.address)})
    else:
        _show(answer.trust, session)


def _show(trust: "Trust", session: Session) -> None:
    mark = session.out.styled("✓", "green")
    session.out.line(f"{mark} Added trust {visible(trust.name)}")
    session.out.line(f"  PAAS_TRUST={visible(trust.trust_id)}")
    session.out.flush()
    apps = ", ".join(trust.apps) or "all apps"
    session.note(
        f"its tokens have the scope {', '.join(trust.permissions)}, in {apps}, for "
        f"{durations.shown(trust.ttl.seconds)}. A job's own token has to be for the audience {trust.audience}. The job "
        "needs the gateway as well:"
    )
    session.err.line(f"  PAAS_GATEWAY={session.sign_in.address}")
