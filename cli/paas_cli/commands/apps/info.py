"""`paas apps:info`: an app and its instances."""

from typing import TYPE_CHECKING

import click

from paas_cli import app_spec, errors, times
from paas_cli.assignments import listed
from paas_cli.command import command as declare
from paas_cli.commands.apps.chosen import choose
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import App
    from paas.releaser.v1.releaser_pb2 import Drift, Instance, ListInstancesResponse


@declare("apps:info")
@click.argument("name", required=False, metavar="[NAME]")
def command(session: Session, *, name: str | None) -> None:
    """Show an app and its instances.

    For example:
      paas apps:info web
      paas apps:info -a web --json
    """
    choose(session, name)
    run(session)


def run(session: Session) -> None:
    """Fetch from both services and print. While the releaser is unavailable the instances are left out."""
    from paas.config.v1 import config_pb2

    request = config_pb2.GetAppRequest(app=session.app)
    answer = session.read("/paas.config.v1.ConfigService/GetApp", request, config_pb2.GetAppResponse)
    app = answer.app
    running = _running(session)
    instances = None if running is None else running.instances
    drift = running.drift if running is not None and running.HasField("drift") else None
    if session.as_json:
        shown = None if instances is None else [_document(instance) for instance in instances]
        drifted = None if drift is None else _drift_document(drift)
        session.out.json({"app": app_spec.document(app), "instances": shown, "drift": drifted})
        return
    session.out.facts([(name, visible(value)) for name, value in _facts(app) if value])
    if answer.HasField("staged_spec"):
        session.note(f"A change of this is staged; {session.hint('staged')} shows it.")
    if drift is not None:
        session.warn(_drift_sentence(drift, session))
    for instance in instances or []:
        where = f" port {instance.port}" if instance.port else ""
        log = f" log {visible(instance.log)}" if instance.log else ""
        since = times.to_second(instance.started_at)
        session.out.line(
            f"instance {instance.index}: {visible(instance.state)} v{instance.release}{where} since {since}{log}"
        )


def _running(session: Session) -> "ListInstancesResponse | None":
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.ListInstancesRequest(app=session.app)
    try:
        return session.read(
            "/paas.releaser.v1.ReleaserService/ListInstances", request, releaser_pb2.ListInstancesResponse
        )
    except Failure as failure:
        if failure.exit_code != errors.UNAVAILABLE:
            raise
        session.warn(f"The instances are not shown. {failure.sentence}")
        return None


def _drift_sentence(drift: "Drift", session: Session) -> str:
    more = f"{drift.hidden_names} more" if drift.hidden_names else ""
    what = visible(listed([*drift.names, *([more] if more else [])]))
    are = "is" if len(drift.names) + drift.hidden_names == 1 else "are"
    return (
        f"{what} {are} not what the release gave: {visible(drift.manager)} changed it in the cluster, seen "
        f"{times.to_second(drift.seen_at)}. {session.hint('releases:create')} puts it right."
    )


def _drift_document(drift: "Drift") -> dict[str, object]:
    return {
        "manager": drift.manager,
        "names": list(drift.names),
        "hidden_names": drift.hidden_names,
        "seen_at": times.or_null(drift.seen_at),
    }


def _facts(app: "App") -> list[tuple[str, str]]:
    words = app_spec.words(app.spec)
    if app.spec.HasField("adopted"):
        del words["instances"]
    return [
        ("name", app.name),
        *words.items(),
        ("version", str(app.version)),
        ("created", times.to_second(app.created_at)),
    ]


def _document(instance: "Instance") -> dict[str, object]:
    return {
        "index": instance.index,
        "state": instance.state,
        "release": instance.release or None,
        "port": instance.port or None,
        "started_at": times.or_null(instance.started_at),
        "log": instance.log or None,
    }
