"""`paas releases:create`: release what is staged, config and secrets together."""

from typing import TYPE_CHECKING

import click

from paas_cli import follow, releases_shown
from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release


@declare("releases:create")
@click.option("--no-wait", is_flag=True, help="Do not watch the release.")
def command(session: Session, *, no_wait: bool) -> None:
    """Release what is staged, or restart the app.

    Config and secrets kept with --stage go out together, as one release. If nothing is staged,
    every instance is replaced by one with the same variables.

    For example:
      paas releases:create -a web
    """
    run(session, no_wait=no_wait)


def run(session: Session, *, no_wait: bool) -> None:
    """Release, report."""
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.CreateReleaseRequest(request_id=session.new_request_id(), app=session.app)
    answer = session.change(
        "/paas.releaser.v1.ReleaserService/CreateRelease",
        request,
        releaser_pb2.CreateReleaseResponse,
        look=session.hint("releases"),
        again=False,
    )
    report(session, answer.release, no_wait=no_wait)


def report(session: Session, release: "Release", *, no_wait: bool, more: dict[str, object] | None = None) -> None:
    """Print a release just made and watch it; `more` goes into the JSON. Raises Failure where it fails."""
    with follow.goes_on(session, release.number):
        if not session.as_json:
            about = f" {session.out.styled('·', 'dim')} {visible(release.description)}" if release.description else ""
            session.out.line(f"Release v{release.number}{about}")
            session.out.flush()
        final = release if no_wait else follow.to_the_end(session, session.app, release.number)
    if session.as_json:
        session.out.json({"app": session.app, **(more or {}), "release": releases_shown.document(final)})
    if not no_wait:
        follow.check_outcome(final, session)
