"""`paas releases:watch`: a release followed to its end."""

import click

from paas_cli.command import command as declare
from paas_cli.errors import Failure
from paas_cli.releases import follow, listing
from paas_cli.releases import shown as releases_shown
from paas_cli.session import Session
from paas_cli.typed import release_number


@declare("releases:watch")
@click.argument("release", required=False, metavar="[vN]")
def command(session: Session, *, release: str | None) -> None:
    """Watch a release until it has ended.

    The newest one unless another is named. Its end is the exit code: 0 where it succeeded, 6 where
    it failed and was reverted, 1 where it failed and was not. Ctrl-C stops watching, not the release.

    For example:
      paas releases:watch -a web
      paas releases:watch v12 -a web
    """
    run(session, None if release is None else release_number.parse(release, listing=session.hint("releases")))


def run(session: Session, number: int | None) -> None:
    """Follow it, and end as it ends. Raises Failure."""
    if number is None:
        newest = next(listing.newest_first(session, most=1), None)
        if newest is None:
            raise Failure(f"{session.app} has no releases to watch.")
        number = newest.number
    final = follow.to_the_end(session, session.app, number)
    if session.as_json:
        session.out.json({"app": session.app, "release": releases_shown.document(final)})
    follow.check_outcome(final, session)
