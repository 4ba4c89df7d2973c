"""`paas schema:unset`: ask nothing of an app's variables any more."""

from paas_cli.command import command as declare
from paas_cli.command import release_options
from paas_cli.releases import spec_change
from paas_cli.releases.changes import ReleaseOptions
from paas_cli.session import Session


@declare("schema:unset")
@release_options
def command(session: Session, *, stage: bool, no_wait: bool) -> None:
    """Take an app's schema away and release that.

    Its variables stay as they are, and are not checked any more.

    For example:
      paas schema:unset -a web
    """
    run(ReleaseOptions(stage=stage, no_wait=no_wait), session)


def run(options: ReleaseOptions, session: Session) -> None:
    """Take it away, report."""
    spec_change.make(session, lambda spec: spec.ClearField("schema"), options, verb="Unset", subject="the schema")
