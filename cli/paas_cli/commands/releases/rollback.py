"""`paas rollback`: a new release with the app and the config of an earlier one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.command import dry_run_option
from paas_cli.commands.releases.create import report
from paas_cli.groups import uses
from paas_cli.releases import actions, changes
from paas_cli.releases.shown import SPEC, hidden
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed import release_number

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import RollbackResponse


@dataclass(frozen=True)
class RollbackOptions:
    """Back to which release, and whether its secrets come back too."""

    number: int
    with_secrets: bool
    no_wait: bool
    dry_run: bool


@declare("rollback")
@click.argument("release", metavar="vN")
@click.option("--with-secrets", is_flag=True, help="Bring the secrets of then back too.")
@click.option("--no-wait", is_flag=True, help="Do not watch the release.")
@dry_run_option
def command(session: Session, *, release: str, with_secrets: bool, no_wait: bool, dry_run: bool) -> None:
    """Release the config of an earlier release again.

    Makes a new release with what the app ran and its config vars as of vN. Secrets stay as they
    are now, because a value that was rotated after a leak must not come back by accident; with
    --with-secrets they come back as well. What is staged stays staged.

    For example:
      paas rollback v40 -a web --dry-run
      paas rollback v40 -a web
    """
    number = release_number.parse(release, listing=session.hint("releases"))
    run(RollbackOptions(number, with_secrets, no_wait, dry_run), session)


def run(options: RollbackOptions, session: Session) -> None:
    """Roll back, report."""
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.RollbackRequest(
        request_id=session.new_request_id(),
        app=session.app,
        number=options.number,
        with_secrets=options.with_secrets,
        validate_only=options.dry_run,
    )
    path = "/paas.releaser.v1.ReleaserService/Rollback"
    if options.dry_run:
        _preview(session, session.read(path, request, releaser_pb2.RollbackResponse))
        return
    look = session.hint("releases")
    answer = session.change(path, request, releaser_pb2.RollbackResponse, look=look, again=False)
    _note_gone(session, answer)
    report(session, answer.release, no_wait=options.no_wait, more=_document(answer))


def _preview(session: Session, answer: "RollbackResponse") -> None:
    """Print what going back would change. It makes a release even where nothing would."""
    _note_gone(session, answer)
    reached = uses.preview(session, {change.name for change in answer.changes}, unnamed=answer.hidden_changes)
    if session.as_json:
        document = {"app": session.app, "dry_run": True, "version": None, **_document(answer)}
        document |= {"release_status": "none", "release": None, "would_release": True}
        session.out.json(document if reached is None else {**document, **reached.document()})
        return
    if not (answer.changes or answer.hidden_changes or answer.spec_changed):
        session.out.line("No change")
    for change in answer.changes:
        session.out.line(f"{changes.would(session, actions.word(change.action))} {visible(change.name)}")
    if answer.hidden_changes:
        session.out.line(f"{_change(session)} {hidden(answer.hidden_changes)}")
    if answer.spec_changed:
        session.out.line(f"{_change(session)} {SPEC}")
    for line in reached.lines() if reached is not None else ():
        session.out.prose(line, hanging=2)
    session.out.line("A release would follow")


def _note_gone(session: Session, answer: "RollbackResponse") -> None:
    """Say which shared groups don't come back, since they are destroyed; whoever reads JSON has it there."""
    if answer.gone_groups and not session.as_json:
        names = ", ".join(map(visible, answer.gone_groups))
        session.note(f"Shared groups it had then and that were destroyed since are passed over: {names}.")


def _change(session: Session) -> str:
    return changes.would(session, actions.word(actions.CHANGED))


def _document(answer: "RollbackResponse") -> dict[str, object]:
    return {
        "changes": changes.documents(answer.changes),
        "hidden_changes": answer.hidden_changes,
        "spec_changed": answer.spec_changed,
        "gone_groups": list(answer.gone_groups),
    }
