"""`paas restart`: every instance replaced by one with the same variables."""

import click

from paas_cli.command import command as declare
from paas_cli.commands.releases.create import report
from paas_cli.session import Session


@declare("restart")
@click.option("--no-wait", is_flag=True, help="Do not watch the release.")
def command(session: Session, *, no_wait: bool) -> None:
    """Replace every instance by one with the same variables.

    It is a release like any other, one instance at a time. What is staged stays staged.

    For example:
      paas restart -a web
    """
    run(session, no_wait=no_wait)


def run(session: Session, *, no_wait: bool) -> None:
    """Restart, report."""
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.CreateReleaseRequest(request_id=session.new_request_id(), app=session.app, leave_draft=True)
    answer = session.change(
        "/paas.releaser.v1.ReleaserService/CreateRelease",
        request,
        releaser_pb2.CreateReleaseResponse,
        look=session.hint("releases"),
        again=False,
    )
    report(session, answer.release, no_wait=no_wait, more={})
