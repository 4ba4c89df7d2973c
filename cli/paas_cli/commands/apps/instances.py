"""The instances of an app and what somebody changed of their environment, as `ps` and `apps:info` show them."""

from typing import TYPE_CHECKING

from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible
from paas_cli.typed.assignments import listed

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Drift, Instance, ListInstancesResponse

STYLES = {"ready": "green", "starting": "cyan", "stopped": "red"}


def fetch(session: Session) -> "ListInstancesResponse":
    """Ask the releaser. Raises Failure."""
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.ListInstancesRequest(app=session.app)
    return session.read("/paas.releaser.v1.ReleaserService/ListInstances", request, releaser_pb2.ListInstancesResponse)


def document(answer: "ListInstancesResponse | None") -> dict[str, object]:
    """`instances` and `drift` as JSON shows them: both null where they could not be asked for."""
    if answer is None:
        return {"instances": None, "drift": None}
    drift = _drift_document(answer.drift) if answer.HasField("drift") else None
    return {"instances": [_document(instance) for instance in answer.instances], "drift": drift}


def drift_sentence(drift: "Drift", session: Session) -> str:
    """What is not what the release gave, and what puts it right."""
    more = f"{drift.hidden_names} more" if drift.hidden_names else ""
    what = visible(listed([*drift.names, *([more] if more else [])]))
    are = "is" if len(drift.names) + drift.hidden_names == 1 else "are"
    return (
        f"{what} {are} not what the release gave: {visible(drift.manager)} changed it in the cluster, seen "
        f"{times.to_second(drift.seen_at)}. {session.hint('restart')} puts it right."
    )


def _drift_document(drift: "Drift") -> dict[str, object]:
    return {
        "manager": drift.manager,
        "names": list(drift.names),
        "hidden_names": drift.hidden_names,
        "seen_at": times.or_null(drift.seen_at),
    }


def _document(instance: "Instance") -> dict[str, object]:
    return {
        "index": instance.index,
        "state": instance.state,
        "release": instance.release or None,
        "port": instance.port or None,
        "started_at": times.or_null(instance.started_at),
        "log": instance.log or None,
    }
