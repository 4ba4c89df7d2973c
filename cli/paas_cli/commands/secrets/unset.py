"""`paas secrets:unset`: unset secrets, all or none, in one release."""

from dataclasses import dataclass

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option, release_options
from paas_cli.errors import Failure
from paas_cli.releases import changes
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.session import Session
from paas_cli.typed import assignments
from paas_cli.variables import absent, schema_verdict


@dataclass(frozen=True)
class UnsetOptions:
    """Which names, and what becomes of the change."""

    names: tuple[str, ...]
    ignore_missing: bool
    release: ReleaseOptions


@declare("secrets:unset")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--ignore-missing", is_flag=True, help="Pass over names that are not set.")
@release_options
@dry_run_option
def command(
    session: Session, *, names: tuple[str, ...], ignore_missing: bool, stage: bool, no_wait: bool, dry_run: bool
) -> None:
    """Unset secrets and release the change.

    A name that is not set is refused, and nothing is unset, unless --ignore-missing is given.

    For example:
      paas secrets:unset OLD_API_KEY
      paas secrets:unset OLD_API_KEY OLDER_API_KEY --ignore-missing
    """
    run(UnsetOptions(names, ignore_missing, ReleaseOptions(stage=stage, no_wait=no_wait, dry_run=dry_run)), session)


def run(options: UnsetOptions, session: Session) -> None:
    """Check, unset, report."""
    from paas.secrets.v1 import secrets_pb2

    assignments.check_names(options.names)
    app = session.app
    request = secrets_pb2.UnsetSecretsRequest(
        request_id=session.new_request_id(),
        app=app,
        names=options.names,
        ignore_missing=options.ignore_missing,
        stage=options.release.stage,
        validate_only=options.release.dry_run,
    )
    path, look = "/paas.secrets.v1.SecretsService/UnsetSecrets", session.hint("secrets")
    try:
        answer = session.change(path, request, secrets_pb2.UnsetSecretsResponse, look=look)
    except Failure as failure:
        absent.add_meant(failure, session, options.names, secret=True)
        raise
    changes.tell(session, answer.change, Report(verb="Unset", options=options.release, secret=True))
    schema_verdict.foretell(session, options.release, unset=options.names)
