"""`paas secrets:expire`: until when a secret's value is to be replaced, without another value and without a release."""

from dataclasses import dataclass

import click

from paas_cli.command import command as declare
from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible
from paas_cli.typed import assignments, durations, ends
from paas_cli.typed.ends import End, Terms
from paas_cli.variables import absent, expiry


@dataclass(frozen=True)
class ExpireOptions:
    """Whose end, and what it is to be."""

    name: str
    terms: Terms


@declare("secrets:expire")
@click.argument("name", metavar="NAME")
@click.argument("when", metavar="[WHEN]", required=False)
@click.option("--never", is_flag=True, help="It has no end any more.")
@click.option("--rotate-every", metavar="TIME", help="How often to rotate it, such as 90d; or never.")
def command(session: Session, *, name: str, when: str | None, never: bool, rotate_every: str | None) -> None:
    """Say until when a secret is to be replaced.

    WHEN is for how long from now, such as 90d, 12h or 2w, or a day, such as 2027-01-31 (its first
    moment, in UTC). Nothing is released, and nothing is taken away at the end: the app goes on
    getting the value, and you are reminded 30, 7 and 1 days before and once it is past.
    `paas secrets:due` lists what ends soon in all your apps.

    For example:
      paas secrets:expire STRIPE_API_KEY 90d
      paas secrets:expire TLS_KEY 2027-01-31
      paas secrets:expire SESSION_KEY --never --rotate-every 90d
    """
    assignments.check_name(name, listing=session.hint("secrets"))
    if when is not None and never:
        raise Misuse("WHEN and --never both say an end; use either.")
    said = ends.terms(when, rotate_every, now=session.surroundings.now(), option="WHEN")
    terms = Terms(End(), said.rotate_every) if never else said
    if not terms:
        raise Misuse("Say when it ends, such as 90d or 2027-01-31, or --never, or --rotate-every.")
    run(ExpireOptions(name, terms), session)


def run(options: ExpireOptions, session: Session) -> None:
    """Move the end, report."""
    from paas.secrets.v1 import secrets_pb2

    request = secrets_pb2.ExpireSecretRequest(request_id=session.new_request_id(), app=session.app, name=options.name)
    expiry.put(request, options.terms)
    path, look = "/paas.secrets.v1.SecretsService/ExpireSecret", session.hint("secrets")
    try:
        answer = session.change(path, request, secrets_pb2.ExpireSecretResponse, look=look)
    except Failure as failure:
        absent.add_meant(failure, session, [options.name], secret=True)
        raise
    every = answer.rotate_every.seconds
    if session.as_json:
        session.out.json(
            {
                "app": session.app,
                "name": options.name,
                "changed": answer.changed,
                "expires_at": times.or_null(answer.expires_at),
                "rotate_every": durations.shown(every) if every else None,
            }
        )
        return
    if not answer.changed:
        session.out.line("No change")
        return
    ends_at = times.to_second(answer.expires_at)
    said = f"expires {ends_at}" if ends_at else "has no end"
    rotated = f", to be rotated every {durations.shown(every)}" if every else ""
    session.out.prose(f"{visible(options.name)} {said}{rotated}; nothing was released")
