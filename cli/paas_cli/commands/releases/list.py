"""`paas releases`: the releases of an app, newest first."""

from itertools import islice

import click

from paas_cli.command import command as declare
from paas_cli.groups import versions
from paas_cli.releases import listing
from paas_cli.releases import shown as releases_shown
from paas_cli.session import Session
from paas_cli.terminal import table
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible

_COLUMNS = (
    Column("RELEASE", style="bold"),
    Column("STATE", styles=releases_shown.STYLES),
    Column("CREATED", rank=1, style="dim"),
    Column("BY", rank=2, narrowest=12),
    Column("WHAT", narrowest=16),
)
# Where a release of those listed was given any.
_WITH = Column("WITH", rank=3, narrowest=24, style="dim")


@declare("releases")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, metavar="N", help="How many; default 20.")
def command(session: Session, *, limit: int) -> None:
    """List releases, newest first.

    Elsewhere than on a terminal: release, state, time, actor and description, separated by tabs;
    of an app with shared groups also which versions of their variables it was given.

    For example:
      paas releases -a web
      paas releases -a web -n 100 --json
    """
    run(session, limit=limit)


def run(session: Session, *, limit: int) -> None:
    """Fetch and print."""
    found = list(islice(listing.newest_first(session, most=limit), limit))
    if session.as_json:
        session.out.json({"app": session.app, "releases": [releases_shown.document(release) for release in found]})
        return
    if not found:
        session.note(f"{session.app} has no releases.")
        return
    has_groups = any(release.groups for release in found)
    rows = [
        (
            f"v{release.number}",
            releases_shown.state(release),
            session.when(release.created_at),
            visible(release.actor),
            visible(release.description),
            *((versions.line(release),) if has_groups else ()),
        )
        for release in found
    ]
    table.write(session.out, (*_COLUMNS, _WITH) if has_groups else _COLUMNS, rows)
