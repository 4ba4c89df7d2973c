"""`paas apps:create`: register an app and, if it has something to run, release it."""

from dataclasses import asdict, dataclass

import click

from paas_cli.command import command as declare
from paas_cli.commands.apps.chosen import choose
from paas_cli.errors import Misuse
from paas_cli.releases import adoption, changes
from paas_cli.releases.adoption import Adoption
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed import durations


@dataclass(frozen=True)
class CreateOptions:
    """What the app runs and how, and whether to watch its first release. `ready_timeout` is in seconds."""

    command: tuple[str, ...]
    image: str
    instances: int
    health_path: str
    ready_timeout: int | None
    all_at_once: bool
    adoption: Adoption | None
    no_wait: bool


@declare("apps:create")
@click.argument("name", required=False, metavar="NAME")
@click.argument("program", nargs=-1, metavar="[-- COMMAND ARGS...]")
@click.option("--image", default="", metavar="IMAGE", help="The container image to run.")
@click.option("--instances", type=click.IntRange(0, 100), metavar="N", help="How many run; default 1.")
@click.option("--health-path", default="", metavar="/PATH", help="Answers 2xx on $PORT once an instance is ready.")
@click.option("--ready-timeout", metavar="DURATION", help="How long an instance may take to become ready, 5s to 1h.")
@click.option(
    "--all-at-once/--first-instance-first",
    default=False,
    help="Start all new instances at once, or one first and the others once it is ready; default the latter.",
)
@click.option(
    "--adopt", metavar="NAMESPACE/DEPLOYMENT", help="Take over the environment of this Kubernetes Deployment."
)
@click.option("--container", metavar="NAME", help="The container of it that is meant, where it has several.")
@click.option("--no-wait", is_flag=True, help="Do not watch the first release.")
def command(
    session: Session,
    *,
    name: str | None,
    program: tuple[str, ...],
    image: str,
    instances: int | None,
    health_path: str,
    ready_timeout: str | None,
    all_at_once: bool,
    adopt: str | None,
    container: str | None,
    no_wait: bool,
) -> None:
    """Register an app.

    NAME has 2 to 40 lower-case letters, digits and dashes, starts with a letter and ends with a
    letter or digit. With a command or an image the app is released at once; without, nothing runs
    until `paas apps:update` gives it one. Put `--` before the command.

    With --adopt it takes over a Kubernetes Deployment that exists: it gives that its environment,
    and the command, image, instances and health check stay the Deployment's own.

    For example:
      paas apps:create web --instances 2 --health-path /health -- python server.py
      paas apps:create worker --image registry.example.com/worker:7
      paas apps:create shop --adopt shop/web --container app
    """
    _check_named(session, name)
    choose(session, name)
    own = {
        "a command": bool(program),
        "--image": bool(image),
        "--instances": instances is not None,
        "--health-path": bool(health_path),
    }
    options = CreateOptions(
        command=program,
        image=image,
        instances=instances if instances is not None else int(bool(program or image)),
        health_path=health_path,
        ready_timeout=durations.seconds(ready_timeout, option="--ready-timeout") if ready_timeout is not None else None,
        all_at_once=all_at_once,
        adoption=adoption.parse(adopt, container, own=own),
        no_wait=no_wait,
    )
    run(options, session)


def _check_named(session: Session, name: str | None) -> None:
    """Raise Misuse where nothing says what the new app is called."""
    if name is not None:
        return
    try:
        session.choices.app()
    except Misuse as misuse:
        if session.flags.env is not None:
            raise
        raise Misuse(f"The new app needs a name: {session.hint('apps:create NAME', about_app=False)}.") from misuse


def run(options: CreateOptions, session: Session) -> None:
    """Create, report."""
    from paas.config.v1 import config_pb2

    adopted = options.adoption
    spec = config_pb2.AppSpec(
        command=options.command,
        image=options.image,
        instances=options.instances,
        health_path=options.health_path,
        all_at_once=options.all_at_once,
        adopted=config_pb2.Adopted(**asdict(adopted)) if adopted is not None else None,
    )
    if options.ready_timeout is not None:
        spec.ready_timeout.seconds = options.ready_timeout
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
