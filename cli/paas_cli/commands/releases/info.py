"""`paas releases:info`: one release."""

from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.groups import members, uses, versions
from paas_cli.releases import shown as releases_shown
from paas_cli.releases import states
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible
from paas_cli.typed import release_number

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release


@declare("releases:info")
@click.argument("release", metavar="vN")
def command(session: Session, *, release: str) -> None:
    """Show one release.

    Of an app with shared groups, `with` says which versions of their variables it was given. Of a
    group, `app` says which release of each app it is.

    For example:
      paas releases:info v12 -a web
      paas releases:info v3 -a shared
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
    for line in releases_shown.output_lines(answer.release):
        session.out.line(line)


def _facts(release: "Release") -> list[tuple[str, str]]:
    more = releases_shown.hidden(release.hidden_changes)
    return [
        ("release", f"v{release.number}"),
        ("state", releases_shown.state(release)),
        ("what", release.description),
        ("by", release.actor),
        *(("change", releases_shown.change_line(change)) for change in release.changes),
        ("change", f"{'and ' if release.changes else ''}{more}" if release.hidden_changes else ""),
        ("message", release.message),
        ("instances", "" if release.members or release.hidden_members else _instances(release)),
        *(("app", members.line(member)) for member in release.members),
        ("app", _hidden_members(release)),
        *(("with", versions.words(given)) for given in release.groups),
        ("config version", _number(releases_shown.number(release, "config_version"))),
        ("secrets version", _number(releases_shown.number(release, "secrets_version"))),
        ("created", times.to_second(release.created_at)),
        ("started", times.to_second(release.started_at)),
        ("finished", times.to_second(release.finished_at)),
        ("superseded by", releases_shown.numbered(release, "superseded_by")),
        ("reverted to", releases_shown.numbered(release, "reverted_to")),
        ("reverted by", releases_shown.numbered(release, "revert_release")),
        ("taken back", ", ".join(release.reverted_names)),
        ("made from", releases_shown.numbered(release, "source_release")),
    ]


def _hidden_members(release: "Release") -> str:
    more = "and " if release.members else ""
    return f"{more}{uses.hidden(release.hidden_members)}" if release.hidden_members else ""


def _instances(release: "Release") -> str:
    ready = f"{release.instances_ready}/{release.instances_total}"
    return (releases_shown.progress(release) or ready) if release.state == states.RUNNING else ready


def _number(found: int | None) -> str:
    return "" if found is None else str(found)
