"""`paas secrets:rotate`: a new value for a secret that exists. The value is never printed."""

from dataclasses import dataclass, field

import click

from paas_cli.command import command as declare
from paas_cli.command import end_options, release_options
from paas_cli.errors import Failure, Misuse
from paas_cli.releases import changes
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.session import Session
from paas_cli.typed import assignments, durations, ends, secret_values
from paas_cli.typed.credentials import shown
from paas_cli.typed.ends import Terms
from paas_cli.typed.secret_values import Wanted
from paas_cli.variables import absent, expiry

_FORMATS = ("base64", "hex", "alnum")  # paas.secrets.v1.RandomFormat without its prefix


@dataclass(frozen=True)
class RotateOptions:
    """`length` and `format` are of a random value; `value_file` (`-` is standard input) or a `prompt` replace it."""

    name: str
    length: int
    format: str
    value_file: str | None = field(repr=False)
    prompt: bool
    overlap_seconds: int
    terms: Terms
    release: ReleaseOptions


@declare("secrets:rotate")
@click.argument("name", metavar="NAME")
@click.option("--length", type=click.IntRange(16, 1024), metavar="N", help="Random bytes, or characters; default 32.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="How they are written; default base64.")
@click.option("--value-file", metavar="FILE", help="Take the new value from a file; `-` is standard input.")
@click.option("--prompt", is_flag=True, help="Ask for the new value on the terminal, without showing it.")
@click.option("--overlap", metavar="TIME", help="Keep the old value as NAME_PREVIOUS for so long, such as 1h.")
@end_options
@release_options
def command(
    session: Session,
    *,
    name: str,
    length: int | None,
    format_: str | None,
    value_file: str | None,
    prompt: bool,
    overlap: str | None,
    expires: str | None,
    rotate_every: str | None,
    stage: bool,
    no_wait: bool,
) -> None:
    """Give a secret a new value and release it.

    The platform makes a random one, which nobody needs to see. Where another service gives the
    secret out, such as an API key, make a new one there and give it with --prompt or
    --value-file. With --overlap the old value is also injected, as NAME_PREVIOUS, until the time
    is over; then one more release removes it. A secret that was set with `--expires 90d` is good
    for another 90 days; --expires says otherwise.

    For example:
      paas secrets:rotate SESSION_KEY
      paas secrets:rotate STRIPE_API_KEY --prompt
      paas secrets:rotate SIGNING_KEY --length 64 --format hex --overlap 1h
      new-password | paas secrets:rotate DATABASE_PASSWORD --value-file -
    """
    assignments.check_name(name, listing=session.hint("secrets"))
    given = "--value-file" if value_file is not None else "--prompt" if prompt else ""
    if value_file is not None and prompt:
        raise Misuse("--value-file and --prompt both give the value; use either.")
    if given and (length is not None or format_ is not None):
        raise Misuse(f"--length and --format are for a random value, and {given} gives one; use either.")
    options = RotateOptions(
        name=name,
        length=length or 0,
        format=format_ or "base64",
        value_file=value_file,
        prompt=prompt,
        overlap_seconds=durations.seconds(overlap, option="--overlap") if overlap is not None else 0,
        terms=ends.terms(expires, rotate_every, now=session.surroundings.now()),
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
    is_random = options.value_file is None and not options.prompt
    if is_random:
        request.random.length = options.length
        request.random.format = secrets_pb2.RandomFormat.Value(f"RANDOM_FORMAT_{options.format.upper()}")
    else:
        session.check_sign_in()
        request.value = _given(options, session)
        assignments.check({options.name: request.value})
    if options.overlap_seconds:
        request.overlap.seconds = options.overlap_seconds
    expiry.put(request, options.terms)
    path, look = "/paas.secrets.v1.SecretsService/RotateSecret", session.hint("releases")
    try:
        answer = session.change(path, request, secrets_pb2.RotateSecretResponse, look=look, again=False)
    except Failure as failure:
        absent.add_meant(failure, session, [options.name], secret=True)
        raise
    saved = expiry.Saved(answer.expires_at, span=answer.span.seconds or None)
    more = {"expires_at": saved.document()["expires_at"]}
    report = Report(verb="Rotated", options=options.release, secret=True, subject=options.name, more=more)
    changes.tell(session, answer.change, report)
    saved.tell(session, staged=options.release.stage)
    if is_random and session.err.is_terminal and not session.as_json:
        _note_the_way_back(session, options)


def _note_the_way_back(session: Session, options: RotateOptions) -> None:
    """What helps who rotated a key that another service gives out: that one doesn't know the random value."""
    name = shown(options.name, 1) if shown(options.name, 1) == options.name else "NAME"
    given = session.hint(f"secrets:rotate {name} --prompt")
    if options.release.stage:
        undo = f"{session.hint(f'staged:discard {name}')} drops it"
    else:
        undo = f"{session.hint('rollback vN --with-secrets')} brings back all that an earlier release had, this as well"
    session.note(f"The value is random. If another service gives this one out, {given} asks for theirs; {undo}.")


def _given(options: RotateOptions, session: Session) -> str:
    ways = "name a file with --value-file, or pipe it in with --value-file -"
    wanted = Wanted(options.name, shown(options.name, 1), options.release.options(), ways=ways)
    file = options.value_file
    if file is None:
        return secret_values.from_prompt(session, wanted)
    return secret_values.from_stdin(session, wanted) if file == "-" else secret_values.from_file(file, session, wanted)
