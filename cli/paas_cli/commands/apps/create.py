"""`paas apps:create`: register an app and, if it has something to run, release it."""

from dataclasses import dataclass

import click

from paas_cli import changes
from paas_cli.changes import ReleaseOptions, Report
from paas_cli.command import command as declare
from paas_cli.commands.apps.chosen import choose
from paas_cli.session import Session
from paas_cli.terminal_text import visible


@dataclass(frozen=True)
class CreateOptions:
    """What the app runs, and whether to watch its first release."""

    command: tuple[str, ...]
    image: str
    instances: int
    health_path: str
    no_wait: bool


@declare("apps:create")
@click.argument("name", required=False, metavar="NAME")
@click.argument("program", nargs=-1, metavar="[-- COMMAND ARGS...]")
@click.option("--image", default="", metavar="IMAGE", help="The container image to run.")
@click.option("--instances", type=click.IntRange(0, 100), metavar="N", help="How many run; default 1.")
@click.option("--health-path", default="", metavar="/PATH", help="Answers 2xx on $PORT once an instance is ready.")
@click.option("--no-wait", is_flag=True, help="Do not watch the first release.")
def command(
    session: Session,
    *,
    name: str | None,
    program: tuple[str, ...],
    image: str,
    instances: int | None,
    health_path: str,
    no_wait: bool,
) -> None:
    """Register an app.

    NAME has 2 to 40 lower-case letters, digits and dashes. With a command or an image the app is
    released at once; without, nothing runs until `paas apps:update` gives it one. Put `--` before
    the command.

    For example:
      paas apps:create web --instances 2 --health-path /health -- python server.py
      paas apps:create worker --image registry.example.com/worker:7
    """
    choose(session, name)
    if instances is None:
        instances = 1 if program or image else 0
    run(CreateOptions(program, image, instances, health_path, no_wait), session)


def run(options: CreateOptions, session: Session) -> None:
    """Create, report."""
    from paas.config.v1 import config_pb2

    spec = config_pb2.AppSpec(
        command=options.command, image=options.image, instances=options.instances, health_path=options.health_path
    )
    app = session.app
    request = config_pb2.CreateAppRequest(request_id=session.new_request_id(), app=app, spec=spec)
    answer = session.change(
        "/paas.config.v1.ConfigService/CreateApp",
        request,
        config_pb2.CreateAppResponse,
        look=session.hint("apps:info"),
        again=False,
    )
    release = ReleaseOptions(no_wait=options.no_wait)
    changes.tell(session, answer.change, Report(verb="Created", options=release, subject=visible(app), certain=True))
