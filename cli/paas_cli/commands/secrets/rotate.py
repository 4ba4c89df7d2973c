"""`paas secrets:rotate`: a new value for a secret that exists. The value is never printed."""

from dataclasses import dataclass, field

import click

from paas_cli import assignments, changes, durations, secret_values
from paas_cli.changes import ReleaseOptions, Report
from paas_cli.command import command as declare
from paas_cli.command import release_options
from paas_cli.credentials import shown
from paas_cli.errors import Misuse
from paas_cli.secret_values import Wanted
from paas_cli.session import Session

_FORMATS = ("base64", "hex", "alnum")  # paas.secrets.v1.RandomFormat without its prefix


@dataclass(frozen=True)
class RotateOptions:
    """`length` and `format` are of a random value; `value_file` (`-` is standard input) replaces it."""

    name: str
    length: int
    format: str
    value_file: str | None = field(repr=False)
    overlap_seconds: int
    release: ReleaseOptions


@declare("secrets:rotate")
@click.argument("name", metavar="NAME")
@click.option("--length", type=click.IntRange(16, 1024), metavar="N", help="Random bytes, or characters; default 32.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="How they are written; default base64.")
@click.option("--value-file", metavar="FILE", help="Take the new value from a file; `-` is standard input.")
@click.option("--overlap", metavar="TIME", help="Keep the old value as NAME_PREVIOUS for so long, such as 1h.")
@release_options
def command(
    session: Session,
    *,
    name: str,
    length: int | None,
    format_: str | None,
    value_file: str | None,
    overlap: str | None,
    stage: bool,
    no_wait: bool,
) -> None:
    """Give a secret a new value and release it.

    Without --value-file the platform makes a random one, which nobody needs to see. With
    --overlap the old value is also injected, as NAME_PREVIOUS, until the time is over; then
    one more release removes it.

    For example:
      paas secrets:rotate SESSION_KEY
      paas secrets:rotate SIGNING_KEY --length 64 --format hex --overlap 1h
      new-password | paas secrets:rotate DATABASE_PASSWORD --value-file -
    """
    assignments.check_name(name, listing=session.hint("secrets"))
    if value_file is not None and (length is not None or format_ is not None):
        raise Misuse("--length and --format are for a random value, and --value-file gives one; use either.")
    options = RotateOptions(
        name=name,
        length=length or 0,
        format=format_ or "base64",
        value_file=value_file,
        overlap_seconds=durations.seconds(overlap, option="--overlap") if overlap is not None else 0,
        release=ReleaseOptions(stage=stage, no_wait=no_wait),
    )
    run(options, session)


def run(options: RotateOptions, session: Session) -> None:
    """Rotate, report."""
    from paas.secrets.v1 import secrets_pb2

    app = session.app
    request = secrets_pb2.RotateSecretRequest(
        request_id=session.new_request_id(), app=app, name=options.name, stage=options.release.stage
    )
    if options.value_file is None:
        request.random.length = options.length
        request.random.format = secrets_pb2.RandomFormat.Value(f"RANDOM_FORMAT_{options.format.upper()}")
    else:
        request.value = _given(options.value_file, options, session)
        assignments.check({options.name: request.value})
    if options.overlap_seconds:
        request.overlap.seconds = options.overlap_seconds
    answer = session.change(
        "/paas.secrets.v1.SecretsService/RotateSecret",
        request,
        secrets_pb2.RotateSecretResponse,
        look=session.hint("releases"),
        again=False,
    )
    report = Report(verb="Rotated", options=options.release, secret=True, subject=options.name)
    changes.tell(session, answer.change, report)


def _given(file: str, options: RotateOptions, session: Session) -> str:
    wanted = Wanted(options.name, shown(options.name, 1), options.release.options())
    return secret_values.from_stdin(session, wanted) if file == "-" else secret_values.from_file(file, session, wanted)
