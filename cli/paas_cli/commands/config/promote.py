"""`paas promote`: `paas config:copy` for the way from one stage of a program to the next."""

from typing import Any

import click

from paas_cli.command import command as declare
from paas_cli.commands.config.copy import options, options_of, run
from paas_cli.session import Session


@declare("promote", app=False)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@options
def command(session: Session, *, source: str, target: str, **given: Any) -> None:
    """Copy config vars from one app to the next.

    The same as `paas config:copy --from FROM --to TO`: shows what would become of TO, asks, and
    makes one release. What the apps run is not copied, nor what comes from groups.

    For example:
      paas promote staging production --dry-run
      paas promote staging production --only 'FEATURE_*'
    """
    run(options_of(source, target, (), given), session)
