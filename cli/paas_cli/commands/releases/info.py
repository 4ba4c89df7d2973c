"""`paas releases:info`: one release."""

from typing import TYPE_CHECKING

import click

from paas_cli import release_number, releases_shown, times
from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release


@declare("releases:info")
@click.argument("release", metavar="vN")
def command(session: Session, *, release: str) -> None:
    """Show one release.

    For example:
      paas releases:info v12 -a web
    """
    run(session, number=release_number.parse(release, listing=session.hint("releases")))


def run(session: Session, *, number: int) -> None:
    """Fetch and print."""
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.GetReleaseRequest(app=session.app, number=number)
    answer = session.read("/paas.releaser.v1.ReleaserService/GetRelease", request, releaser_pb2.GetReleaseResponse)
    if session.as_json:
        session.out.json({"app": session.app, "release": releases_shown.document(answer.release)})
        return
    session.out.facts([(name, visible(value)) for name, value in _facts(answer.release) if value])


def _facts(release: "Release") -> list[tuple[str, str]]:
    return [
        ("release", f"v{release.number}"),
        ("state", releases_shown.state(release)),
        ("what", release.description),
        ("by", release.actor),
        ("message", release.message),
        ("instances", f"{release.instances_ready}/{release.instances_total}"),
        ("config version", str(release.config_version or "")),
        ("secrets version", str(release.secrets_version or "")),
        ("created", times.to_second(release.created_at)),
        ("started", times.to_second(release.started_at)),
        ("finished", times.to_second(release.finished_at)),
        ("superseded by", f"v{release.superseded_by}" if release.superseded_by else ""),
        ("reverted to", f"v{release.reverted_to}" if release.reverted_to else ""),
        ("reverted by", f"v{release.revert_release}" if release.revert_release else ""),
        ("taken back", ", ".join(release.reverted_names)),
        ("made from", f"v{release.source_release}" if release.source_release else ""),
    ]
