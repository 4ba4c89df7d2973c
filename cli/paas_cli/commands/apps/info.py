"""`paas apps:info`: an app and its instances."""

from typing import TYPE_CHECKING

import click

from paas_cli import errors
from paas_cli.command import command as declare
from paas_cli.commands.apps import instances
from paas_cli.commands.apps.chosen import choose
from paas_cli.errors import Failure
from paas_cli.releases import app_spec
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import App
    from paas.releaser.v1.releaser_pb2 import ListInstancesResponse


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
    if session.as_json:
        session.out.json({"app": app_spec.document(app), **instances.document(running)})
        return
    session.out.facts([(name, visible(value)) for name, value in _facts(app) if value])
    if answer.HasField("staged_spec"):
        session.note(f"A change of this is staged; {session.hint('staged')} shows it.")
    if running is not None and running.HasField("drift"):
        session.warn(instances.drift_sentence(running.drift, session))
    for instance in running.instances if running is not None else ():
        where = f" port {instance.port}" if instance.port else ""
        log = f" log {visible(instance.log)}" if instance.log else ""
        since = times.to_second(instance.started_at)
        session.out.prose(
            f"instance {instance.index}: {visible(instance.state)} v{instance.release}{where} since {since}{log}",
            hanging=2,
        )


def _running(session: Session) -> "ListInstancesResponse | None":
    try:
        return instances.fetch(session)
    except Failure as failure:
        if failure.exit_code != errors.UNAVAILABLE:
            raise
        session.warn(f"The instances are not shown. {failure.sentence}")
        return None


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
