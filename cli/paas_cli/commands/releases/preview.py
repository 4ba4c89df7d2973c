"""`paas releases:create --dry-run`: what would be released, name by name, and what that would replace."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paas_cli import errors
from paas_cli.commands.config import listing
from paas_cli.errors import Failure
from paas_cli.groups import uses
from paas_cli.releases import actions, changes
from paas_cli.releases import shown as releases_shown
from paas_cli.session import Session
from paas_cli.terminal.output import MASK
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import CreateReleaseResponse, ReleasedChange


@dataclass(frozen=True)
class Values:
    """Values of config vars, staged and live. None where the caller may not read them."""

    staged: dict[str, str] | None = field(repr=False)
    live: dict[str, str] | None = field(repr=False)


def preview(session: Session, answer: "CreateReleaseResponse") -> None:
    """Print it. Raises Failure where config vars can't be read for another reason than that it is not allowed."""
    reached = uses.preview(session, {change.name for change in answer.changes}, unnamed=answer.hidden_changes)
    if session.as_json:
        document: dict[str, object] = {
            "app": session.app,
            "dry_run": True,
            "changes": releases_shown.change_documents(answer.changes),
            "hidden_changes": answer.hidden_changes,
            "release": None,
            "would_release": True,
        }
        session.out.json(document if reached is None else {**document, **reached.document()})
        return
    if not answer.changes and not answer.hidden_changes:
        session.out.prose("Nothing is staged; a release would restart the app")
        return
    values = _values(session, answer)
    for change in answer.changes:
        session.out.prose(_would(session, change, values), hanging=2)
        if change.replaces_newer:
            session.out.line(f"{session.out.styled('Would replace', 'red')} the newer {_live(change, values)}")
    if answer.hidden_changes:
        hidden = releases_shown.hidden(answer.hidden_changes)
        session.out.line(f"{changes.would(session, actions.word(actions.CHANGED))} {hidden}")
    for line in reached.lines() if reached is not None else ():
        session.out.prose(line, hanging=2)
    session.out.line("A release would follow")


def _would(session: Session, change: "ReleasedChange", values: Values) -> str:
    by = f"by {visible(change.actor)}, {session.when(change.staged_at)}"
    what = _name(change) if change.action == actions.REMOVED else _shown(change, values.staged)
    return f"{changes.would(session, actions.word(change.action))} {what}{session.out.styled(f'   ({by})', 'dim')}"


def _live(change: "ReleasedChange", values: Values) -> str:
    if not change.name:
        return f"change of {releases_shown.SPEC}"
    if change.action == actions.ADDED:  # it was there when this was staged
        return f"{_name(change)} (unset)"
    return _shown(change, values.live)


def _name(change: "ReleasedChange") -> str:
    return visible(change.name) or releases_shown.SPEC


def _shown(change: "ReleasedChange", values: dict[str, str] | None) -> str:
    """The name, with its value as far as that may be shown."""
    if change.secret:
        return f"{_name(change)}={MASK}"
    if values is None or change.name not in values:
        return _name(change)
    return f"{_name(change)}={changes.config_value(change.name, values[change.name])}"


def _values(session: Session, answer: "CreateReleaseResponse") -> Values:
    if all(change.secret or not change.name for change in answer.changes):
        return Values(None, None)
    try:
        found = listing.fetch(session)
    except Failure as failure:
        if failure.exit_code != errors.NOT_ALLOWED:
            raise
        return Values(None, None)
    return Values(
        staged={item.name: item.value for item in found.staged},
        live={var.name: var.value for var in found.vars if var.kind == listing.CONFIG},
    )
