"""`paas groups:detach`: take a shared group's variables from an app."""

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option, release_options
from paas_cli.commands.groups.attachment import Attachment, run
from paas_cli.releases.changes import ReleaseOptions
from paas_cli.session import Session


@declare("groups:detach")
@click.argument("group", metavar="GROUP")
@release_options
@dry_run_option
def command(session: Session, *, group: str, stage: bool, no_wait: bool, dry_run: bool) -> None:
    """Take a group's variables from an app.

    The app is released without them; values of its own stay. Other apps keep the group. With
    --stage it waits in the app's draft, as a change of what the app runs.

    For example:
      paas groups:detach shared -a web --dry-run
      paas groups:detach shared -a web
    """
    release = ReleaseOptions(stage=stage, no_wait=no_wait, dry_run=dry_run)
    run(Attachment(group, release, attaches=False), session)
