"""`paas rollback`: a new release with the app and the config of an earlier one."""

from dataclasses import dataclass

import click

from paas_cli import changes, release_number
from paas_cli.changes import ReleaseOptions, Report
from paas_cli.command import command as declare
from paas_cli.command import dry_run_option
from paas_cli.commands.releases.create import report
from paas_cli.session import Session


@dataclass(frozen=True)
class RollbackOptions:
    """Back to which release, and whether its secrets come back too."""

    number: int
    with_secrets: bool
    no_wait: bool
    dry_run: bool


@declare("rollback")
@click.argument("release", metavar="vN")
@click.option("--with-secrets", is_flag=True, help="Bring the secrets of then back too.")
@click.option("--no-wait", is_flag=True, help="Do not watch the release.")
@dry_run_option
def command(session: Session, *, release: str, with_secrets: bool, no_wait: bool, dry_run: bool) -> None:
    """Release the config of an earlier release again.

    Makes a new release with what the app ran and its config vars as of vN. Secrets stay as they
    are now, because a value that was rotated after a leak must not come back by accident; with
    --with-secrets they come back as well.

    For example:
      paas rollback v40 -a web --dry-run
      paas rollback v40 -a web
    """
    number = release_number.parse(release, listing=session.hint("releases"))
    run(RollbackOptions(number, with_secrets, no_wait, dry_run), session)


def run(options: RollbackOptions, session: Session) -> None:
    """Roll back, report."""
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.RollbackRequest(
        request_id=session.new_request_id(),
        app=session.app,
        number=options.number,
        with_secrets=options.with_secrets,
        validate_only=options.dry_run,
    )
    answer = session.change(
        "/paas.releaser.v1.ReleaserService/Rollback",
        request,
        releaser_pb2.RollbackResponse,
        look=session.hint("releases"),
        again=False,
    )
    if options.dry_run:
        words = Report(verb="Rolled back", options=ReleaseOptions(dry_run=True))
        changes.dry_run(session, answer.changes, words, version=None, releases=True)
        return
    report(session, answer.release, no_wait=options.no_wait, more={"changes": changes.documents(answer.changes)})
