"""`paas apps:update`: change what an app runs; what is not named stays as it is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli.command import AFTER_DASHES, release_options
from paas_cli.command import command as declare
from paas_cli.errors import Misuse
from paas_cli.releases import spec_change
from paas_cli.releases.changes import ReleaseOptions
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed import durations

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import AppSpec

_PLATFORMS_OWN = "default"


@dataclass(frozen=True)
class UpdateOptions:
    """New values; None leaves one as it is, and so does no command. `ready_timeout`: seconds, 0 for the platform's."""

    command: tuple[str, ...]
    image: str | None
    instances: int | None
    health_path: str | None
    ready_timeout: int | None
    all_at_once: bool | None
    release: ReleaseOptions


@declare("apps:update")
@click.argument("program", nargs=-1, metavar="[-- COMMAND ARGS...]")
@click.option("--image", metavar="IMAGE", help="The container image to run.")
@click.option("--no-image", is_flag=True, help="Run the command without an image.")
@click.option("--instances", type=click.IntRange(0, 100), metavar="N", help="How many run.")
@click.option("--health-path", metavar="/PATH", help="Answers 2xx on $PORT once an instance is ready.")
@click.option("--no-health-path", is_flag=True, help="Take an instance for ready without asking it.")
@click.option(
    "--ready-timeout",
    metavar="DURATION",
    help="How long an instance may take to become ready, 5s to 1h; `default` for as long as the platform says.",
)
@click.option(
    "--all-at-once/--first-instance-first",
    default=None,
    help="Start all new instances at once, or one first and the others once it is ready.",
)
@release_options
def command(
    session: Session,
    *,
    program: tuple[str, ...],
    image: str | None,
    instances: int | None,
    no_image: bool,
    health_path: str | None,
    no_health_path: bool,
    ready_timeout: str | None,
    all_at_once: bool | None,
    stage: bool,
    no_wait: bool,
) -> None:
    """Change what an app runs.

    Only what is named changes. Somebody else's change in between is not overwritten. With
    --stage, what is staged already is kept too.

    For example:
      paas apps:update -a web --instances 3
      paas apps:update -a web --ready-timeout 5m --all-at-once
      paas apps:update -a web -- python server.py --verbose
    """
    if (no_image and image is not None) or (no_health_path and health_path is not None):
        raise Misuse("An option and its --no- form are given; give either.")
    if len(program) > click.get_current_context().meta[AFTER_DASHES]:
        raise Misuse("apps:update has a word before `--`: give the app with -a, and a command after `--`.")
    image, health_path = "" if no_image else image, "" if no_health_path else health_path
    if not program and {image, instances, health_path, ready_timeout, all_at_once} == {None}:
        raise Misuse(
            "Nothing to change is named: give --image, --instances, --health-path, --ready-timeout, --all-at-once, "
            "--first-instance-first or a command after `--`."
        )
    options = UpdateOptions(
        command=program,
        image=image,
        instances=instances,
        health_path=health_path,
        ready_timeout=_seconds(ready_timeout) if ready_timeout is not None else None,
        all_at_once=all_at_once,
        release=ReleaseOptions(stage=stage, no_wait=no_wait),
    )
    run(options, session)


def _seconds(ready_timeout: str) -> int:
    return 0 if ready_timeout == _PLATFORMS_OWN else durations.seconds(ready_timeout, option="--ready-timeout")


def run(options: UpdateOptions, session: Session) -> None:
    """Read, change, write back with the etag, report."""
    spec_change.make(
        session, lambda spec: _apply(options, spec), options.release, verb="Updated", subject=visible(session.app)
    )


def _apply(options: UpdateOptions, spec: "AppSpec") -> None:
    if not spec.command and not spec.image and options.instances is None and (options.command or options.image):
        spec.instances = spec.instances or 1  # it had nothing to run until now
    if options.command:
        spec.command[:] = options.command
    if options.image is not None:
        spec.image = options.image
    if options.instances is not None:
        spec.instances = options.instances
    if options.health_path is not None:
        spec.health_path = options.health_path
    if options.ready_timeout is not None:
        spec.ClearField("ready_timeout")
        if options.ready_timeout:
            spec.ready_timeout.seconds = options.ready_timeout
    if options.all_at_once is not None:
        spec.all_at_once = options.all_at_once
