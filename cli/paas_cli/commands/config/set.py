"""`paas config:set`: set config vars, all or none, in one release."""

from dataclasses import dataclass, field

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option, release_options
from paas_cli.releases import changes
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.session import Session
from paas_cli.typed import assignments, credentials
from paas_cli.variables import schema_verdict


@dataclass(frozen=True)
class SetOptions:
    """Values by name, and what becomes of the change."""

    values: dict[str, str] = field(repr=False)
    release: ReleaseOptions


@declare("config:set")
@click.argument("items", nargs=-1, required=True, metavar="NAME=VALUE...")
@release_options
@dry_run_option
def command(session: Session, *, items: tuple[str, ...], stage: bool, no_wait: bool, dry_run: bool) -> None:
    """Set config vars and release them.

    Several in one command make one release. Each is split at its first `=`; `NAME=` sets the
    empty text. Values are taken as they are: `-` and `@path` have no meaning here.
    Config vars are plain text; passwords, keys and tokens belong in `paas secrets:set`.

    For example:
      paas config:set NODE_ENV=production LOG_LEVEL=info
      paas config:set API_BASE_URL=https://api.example.com --stage
      paas config:set LOG_LEVEL=debug --dry-run
    """
    parts = assignments.split(items, bare_allowed=False, secret=False)
    values = {part.name: part.value or "" for part in parts}
    run(SetOptions(values, ReleaseOptions(stage=stage, no_wait=no_wait, dry_run=dry_run)), session)


def run(options: SetOptions, session: Session) -> None:
    """Check, set, warn, report."""
    assignments.check(options.values)
    send(options.values, options.release, session)


def send(values: dict[str, str], release: ReleaseOptions, session: Session, *, instead: str = "") -> None:
    """Set checked values with one request; `config:import` does the same, and `instead` is how it seals them."""
    from paas.config.v1 import config_pb2

    app = session.app
    request = config_pb2.SetVarsRequest(
        request_id=session.new_request_id(),
        app=app,
        vars=[config_pb2.Assignment(name=name, value=value) for name, value in values.items()],
        stage=release.stage,
        validate_only=release.dry_run,
    )
    answer = session.change(
        "/paas.config.v1.ConfigService/SetVars", request, config_pb2.SetVarsResponse, look=session.hint("config")
    )
    # A refused change has its own sentence.
    credentials.warn_about(values, session, options=release.options(), instead=instead)
    changes.tell(session, answer.change, Report(verb="Set", options=release, shown=values))
    schema_verdict.foretell(session, release, set_config=values)
