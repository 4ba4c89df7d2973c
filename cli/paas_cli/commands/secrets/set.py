"""`paas secrets:set`: seal secrets, all or none, in one release. No value is ever printed."""

from dataclasses import dataclass, field

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option, end_options, release_options
from paas_cli.errors import Misuse
from paas_cli.releases.changes import ReleaseOptions
from paas_cli.session import Session
from paas_cli.typed import assignments, ends, secret_values
from paas_cli.typed.assignments import Assignment
from paas_cli.typed.ends import Terms
from paas_cli.typed.secret_values import Wanted
from paas_cli.variables import sealing


@dataclass(frozen=True)
class SetOptions:
    """Arguments as given, sources not yet read, and what becomes of the change."""

    items: list[Assignment] = field(repr=False)
    release: ReleaseOptions
    terms: Terms


@declare("secrets:set")
@click.argument("items", nargs=-1, required=True, metavar="NAME[=VALUE]...")
@end_options
@release_options
@dry_run_option
def command(
    session: Session,
    *,
    items: tuple[str, ...],
    expires: str | None,
    rotate_every: str | None,
    stage: bool,
    no_wait: bool,
    dry_run: bool,
) -> None:
    """Seal secrets and release them.

    Several in one command make one release. Where a value comes from:
      NAME         asks for it on the terminal, without showing it
      NAME=-       standard input
      NAME=@path   a file (it must be UTF-8 text)
      NAME=value   the command line, which other processes of this machine can read and which
                   stays in your shell's history: prefer one of the others
    Of what is read, one line ending at the end is taken off, and nothing at all is refused:
    `NAME=` seals the empty text. A value that itself is `-` or starts with `@` goes through the
    prompt or standard input.

    --expires says until when you mean to replace the values: for so long from their release, or
    until a day. You are reminded of it; the app goes on getting them afterwards. Another value
    that is set later has no end unless you give it one; --rotate-every stays with the secret.

    For example:
      paas secrets:set STRIPE_API_KEY
      openssl rand -base64 32 | paas secrets:set DATABASE_PASSWORD=-
      paas secrets:set TLS_KEY=@server.key SIGNING_KEY=@signing.key
      paas secrets:set STRIPE_API_KEY --expires 90d
    """
    parts = assignments.split(items, bare_allowed=True, secret=True)
    if sum(part.value == "-" for part in parts) > 1:
        raise Misuse("Nothing was changed: only one secret can be read from standard input.")
    terms = ends.terms(expires, rotate_every, now=session.surroundings.now())
    run(SetOptions(parts, ReleaseOptions(stage=stage, no_wait=no_wait, dry_run=dry_run), terms), session)


def run(options: SetOptions, session: Session) -> None:
    """Gather the values, check, seal, report."""
    _ = session.app  # raises where none is chosen, before anything is asked for
    session.check_sign_in()
    values = {item.name: _value(item, options, session) for item in options.items}
    assignments.check(values)
    sealing.save(session, values, options.release, options.terms)


def _value(item: Assignment, options: SetOptions, session: Session) -> str:
    wanted = Wanted(item.name, item.label, options.release.options())
    if item.value is None:
        return secret_values.from_prompt(session, wanted)
    if item.value == "-":
        return secret_values.from_stdin(session, wanted)
    if item.value.startswith("@"):
        return secret_values.from_file(item.value[1:], session, wanted)
    return item.value
