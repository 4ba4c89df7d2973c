"""Attach a group to an app or detach it, and tell of the release: two commands that differ in a word."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paas_cli.errors import Failure
from paas_cli.groups import meant
from paas_cli.releases import actions, changes, spec_change
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.session import Session
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.config.v1.groups_pb2 import AttachGroupResponse, DetachGroupResponse

    Answer = AttachGroupResponse | DetachGroupResponse


@dataclass(frozen=True)
class Attachment:
    """Which group, what becomes of the change, and whether the group comes or goes."""

    group: str
    release: ReleaseOptions
    attaches: bool

    @property
    def subject(self) -> str:
        """`shared to web` is what is attached, `shared from web` what is detached; but for the app."""
        return f"{visible(self.group)} {'to' if self.attaches else 'from'}"


def run(attachment: Attachment, session: Session) -> None:
    """Ask for it, report. Raises Failure."""
    answer = _ask(attachment, session)
    if attachment.release.dry_run:
        _preview(attachment, session, answer)
        return
    report = Report(
        verb="Attached" if attachment.attaches else "Detached",
        options=attachment.release,
        subject=f"{attachment.subject} {visible(session.app)}",
        more={"group": attachment.group, "hidden_changes": answer.hidden_changes},
    )
    changes.tell(session, answer.change, report)


def _ask(attachment: Attachment, session: Session) -> "Answer":
    from paas.config.v1 import groups_pb2

    request = groups_pb2.AttachGroupRequest() if attachment.attaches else groups_pb2.DetachGroupRequest()
    request.request_id, request.app, request.group = session.new_request_id(), session.app, attachment.group
    request.stage, request.validate_only = attachment.release.stage, attachment.release.dry_run
    path, look = "/paas.config.v1.GroupsService/", session.hint("apps:info")
    try:
        if attachment.attaches:
            return session.change(f"{path}AttachGroup", request, groups_pb2.AttachGroupResponse, look=look)
        return session.change(f"{path}DetachGroup", request, groups_pb2.DetachGroupResponse, look=look)
    except Failure as failure:
        meant.add(failure, session, attachment.group)
        raise


def _preview(attachment: Attachment, session: Session, answer: "Answer") -> None:
    """Print what would come or go, and whether a release would follow."""
    change = answer.change
    is_change = bool(change.changes or answer.hidden_changes) or _is_other(attachment, session)
    would_release = is_change and not attachment.release.stage
    if session.as_json:
        session.out.json(
            {
                "app": session.app,
                "group": attachment.group,
                "dry_run": True,
                "version": change.version,
                "changes": changes.documents(change.changes),
                "hidden_changes": answer.hidden_changes,
                "release_status": "none",
                "release": None,
                "would_release": would_release,
            }
        )
        return
    if not is_change:
        session.out.line("No change")
        return
    action = actions.word(actions.ADDED if attachment.attaches else actions.REMOVED)
    verb = "attach" if attachment.attaches else "detach"
    would = session.out.styled(f"Would {verb}", actions.STYLES[action])
    session.out.line(f"{would} {attachment.subject} {visible(session.app)}")
    for item in change.changes:
        session.out.line(f"{changes.would(session, action)} {visible(item.name)}")
    if more := answer.hidden_changes:
        names = "a name" if more == 1 else f"{more} names"
        session.out.line(f"{changes.would(session, action)} {names} you may not list")
    session.out.line("A release would follow" if would_release else "No release would follow")


def _is_other(attachment: Attachment, session: Session) -> bool:
    """Whether the app has the group otherwise than it would have: that of an empty group no name tells."""
    found = spec_change.fetch(session)
    has_staged = attachment.release.stage and found.HasField("staged_spec")
    spec = found.staged_spec.spec if has_staged else found.app.spec
    return (attachment.group in spec.groups) is not attachment.attaches
