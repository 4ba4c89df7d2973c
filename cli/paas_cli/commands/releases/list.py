"""`paas releases`: the releases of an app, newest first."""

from typing import TYPE_CHECKING

import click

from paas_cli import releases_shown, times
from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release

_PAGE = 100  # the most the service gives at once


@declare("releases")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, metavar="N", help="How many; default 20.")
def command(session: Session, *, limit: int) -> None:
    """List releases, newest first.

    Elsewhere than on a terminal: release, state, time, actor and description, separated by tabs.

    For example:
      paas releases -a web
      paas releases -a web -n 100 --json
    """
    run(session, limit=limit)


def run(session: Session, *, limit: int) -> None:
    """Fetch and print."""
    from paas.releaser.v1 import releaser_pb2

    found: list[Release] = []
    request = releaser_pb2.ListReleasesRequest(app=session.app, page_size=min(limit, _PAGE))
    while len(found) < limit:
        answer = session.read(
            "/paas.releaser.v1.ReleaserService/ListReleases", request, releaser_pb2.ListReleasesResponse
        )
        found.extend(answer.releases)
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    found = found[:limit]
    if session.as_json:
        session.out.json({"app": session.app, "releases": [releases_shown.document(release) for release in found]})
        return
    if not found:
        session.note(f"{session.app} has no releases.")
        return
    rows = [
        (
            f"v{release.number}",
            releases_shown.state(release),
            times.to_second(release.created_at),
            visible(release.actor),
            visible(release.description),
        )
        for release in found
    ]
    heading = ("RELEASE", "STATE", "CREATED", "BY", "WHAT")
    session.out.rows(rows, heading=heading, styles=("bold", "", "dim", "", ""), colours={1: releases_shown.STYLES})
