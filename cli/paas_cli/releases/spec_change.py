"""Change what is kept of an app beside its variables: read it, change it, write it back, and tell of its release."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from paas_cli.releases import changes
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.session import Session

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import AppSpec, GetAppResponse


def fetch(session: Session) -> "GetAppResponse":
    """The app and what is staged of its spec. Raises Failure."""
    from paas.config.v1 import config_pb2

    return session.read(
        "/paas.config.v1.ConfigService/GetApp", config_pb2.GetAppRequest(app=session.app), config_pb2.GetAppResponse
    )


def make(
    session: Session, change: "Callable[[AppSpec], None]", options: ReleaseOptions, *, verb: str, subject: str
) -> None:
    """Have `change` change the spec, and release or stage that; what is staged already is staged on.

    Raises Failure, also where somebody else changed the app in between.
    """
    from paas.config.v1 import config_pb2

    found = fetch(session)
    spec = found.staged_spec.spec if options.stage and found.HasField("staged_spec") else found.app.spec
    change(spec)
    request = config_pb2.UpdateAppRequest(
        request_id=session.new_request_id(), app=session.app, spec=spec, etag=found.app.etag, stage=options.stage
    )
    answer = session.change(
        "/paas.config.v1.ConfigService/UpdateApp", request, config_pb2.UpdateAppResponse, look=session.hint("apps:info")
    )
    changes.tell(session, answer.change, Report(verb=verb, options=options, subject=subject))
