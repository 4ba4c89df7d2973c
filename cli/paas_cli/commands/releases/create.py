"""`paas releases:create`: release what is staged, config and secrets together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option
from paas_cli.errors import Failure
from paas_cli.releases import follow
from paas_cli.releases import shown as releases_shown
from paas_cli.session import Session
from paas_cli.terminal import question
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import CreateReleaseResponse, Release

_REPLACES_NEWER = "DRAFT_REPLACES_NEWER"  # the reason of google.rpc.ErrorInfo


@dataclass(frozen=True)
class CreateOptions:
    """`yes` releases staged changes although something newer is live by now."""

    yes: bool
    no_wait: bool
    dry_run: bool


@declare("releases:create")
@click.option("--yes", is_flag=True, help="Replace what was changed since it was staged, without asking.")
@click.option("--no-wait", is_flag=True, help="Do not watch the release.")
@dry_run_option
def command(session: Session, *, yes: bool, no_wait: bool, dry_run: bool) -> None:
    """Release what is staged, or restart the app.

    Config and secrets kept with --stage go out together, as one release. If nothing is staged,
    every instance is replaced by one with the same variables. Where a live value was changed
    after another one was staged, this asks before it replaces the newer one.

    For example:
      paas releases:create -a web --dry-run
      paas releases:create -a web
    """
    run(CreateOptions(yes, no_wait, dry_run), session)


def run(options: CreateOptions, session: Session) -> None:
    """Release, report."""
    if options.dry_run:
        from paas_cli.commands.releases.preview import preview

        preview(session, _request(session, replace_newer=options.yes, dry_run=True))
        return
    try:
        answer = _request(session, replace_newer=options.yes)
    except Failure as failure:
        if failure.details.get("reason") != _REPLACES_NEWER:
            raise
        _agree(session, failure)
        answer = _request(session, replace_newer=True)
    more = {
        "changes": releases_shown.change_documents(answer.changes),
        "hidden_changes": answer.hidden_changes,
    }
    report(session, answer.release, no_wait=options.no_wait, more=more)


def _request(session: Session, *, replace_newer: bool, dry_run: bool = False) -> "CreateReleaseResponse":
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.CreateReleaseRequest(
        request_id=session.new_request_id(), app=session.app, validate_only=dry_run, replace_newer=replace_newer
    )
    path = "/paas.releaser.v1.ReleaserService/CreateRelease"
    if dry_run:
        return session.read(path, request, releaser_pb2.CreateReleaseResponse)
    return session.change(path, request, releaser_pb2.CreateReleaseResponse, look=session.hint("releases"), again=False)


def _agree(session: Session, refusal: Failure) -> None:
    """Ask whether what is newer may be replaced. Raises Failure where it may not, or nobody can be asked."""
    if not question.can_be_asked(session):
        anyway = session.hint("releases:create --yes")
        raise Failure(f"{refusal.sentence.rstrip('.')}, and {anyway} replaces it.", details=refusal.details)
    session.warn(refusal.sentence)
    if not question.is_yes(session, "Release it all the same, in place of what is newer?"):
        raise Failure(f"Nothing was released; {session.hint('staged')} shows what is still staged.")


def report(session: Session, release: "Release", *, no_wait: bool, more: dict[str, object]) -> None:
    """Print a release just made and watch it; `more` goes into the JSON. Raises Failure where it fails."""
    with follow.goes_on(session, release.number):
        if not session.as_json:
            about = f" {session.out.styled('·', 'dim')} {visible(release.description)}" if release.description else ""
            session.out.prose(f"Release v{release.number}{about}")
            session.out.flush()
        final = None if no_wait else follow.as_far_as_allowed(session, release.number)
    if session.as_json:
        session.out.json({"app": session.app, **more, "release": releases_shown.document(final or release)})
    if final is not None:
        follow.check_outcome(final, session)
