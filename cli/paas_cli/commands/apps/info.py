"""`paas apps:info`: an app and its instances."""

from typing import TYPE_CHECKING

import click

from paas_cli import app_spec, errors, times
from paas_cli.command import command as declare
from paas_cli.commands.apps.chosen import choose
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import App
    from paas.releaser.v1.releaser_pb2 import Instance


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
    instances = _instances(session)
    if session.as_json:
        shown = None if instances is None else [_document(instance) for instance in instances]
        session.out.json({"app": app_spec.document(app), "instances": shown})
        return
    session.out.facts([(name, visible(value)) for name, value in _facts(app) if value])
    if answer.HasField("staged_spec"):
        session.note(f"A change of this is staged; {session.hint('staged')} shows it.")
    for instance in instances or []:
        where = f" port {instance.port}" if instance.port else ""
        log = f" log {visible(instance.log)}" if instance.log else ""
        since = times.to_second(instance.started_at)
        session.out.line(
            f"instance {instance.index}: {visible(instance.state)} v{instance.release}{where} since {since}{log}"
        )


def _instances(session: Session) -> "list[Instance] | None":
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.ListInstancesRequest(app=session.app)
    try:
        answer = session.read(
            "/paas.releaser.v1.ReleaserService/ListInstances", request, releaser_pb2.ListInstancesResponse
        )
    except Failure as failure:
        if failure.exit_code != errors.UNAVAILABLE:
            raise
        session.warn(f"The instances are not shown. {failure.sentence}")
        return None
    return list(answer.instances)


def _facts(app: "App") -> list[tuple[str, str]]:
    return [
        ("name", app.name),
        ("command", app_spec.runs(app) if app.spec.command else ""),
        ("image", app.spec.image),
        ("instances", str(app.spec.instances)),
        ("health path", app.spec.health_path),
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
