"""Say what a change did, then follow the release it caused. The same for config, secrets and apps.

A value is shown only by a dry run, only of a config var, and not where it looks like a credential.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paas_cli import actions, follow, releases_shown
from paas_cli.assignments import listed
from paas_cli.output import MASK
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paas.config.v1.config_pb2 import Change, NameChange
    from paas.releaser.v1.releaser_pb2 import Release

_STATUSES = {1: "none", 2: "queued", 3: "pending", 4: "staged"}


@dataclass(frozen=True)
class ReleaseOptions:
    """What becomes of a change once it is kept."""

    stage: bool = False
    no_wait: bool = False
    dry_run: bool = False

    def options(self) -> str:
        """The same as it was typed, for a hint: ` --stage --no-wait`."""
        given = {"--stage": self.stage, "--no-wait": self.no_wait, "--dry-run": self.dry_run}
        return "".join(f" {option}" for option, is_given in given.items() if is_given)


@dataclass(frozen=True)
class Report:
    """How one command words its change.

    `subject` stands in for the names changed, `certain` says that it happened even if no version was made, and
    `shown` are config values a dry run may show.
    """

    verb: str
    options: ReleaseOptions
    secret: bool = False
    subject: str = ""
    certain: bool = False
    shown: Mapping[str, str] = field(default_factory=dict, repr=False)


def tell(session: Session, change: "Change", report: Report) -> None:
    """Print the outcome and watch the release. Raises Failure where that fails."""
    if report.options.dry_run:
        dry_run(session, change.changes, report, version=change.version, releases=not report.options.stage)
        return
    number = change.release if change.HasField("release") else None
    status = _STATUSES.get(change.release_status, "none" if number is None else "queued")
    final = None
    with follow.goes_on(session, number):
        if not session.as_json:
            session.out.line(_outcome(session, change, report, status))
            session.out.flush()
        if status == "queued" and number is not None and not report.options.no_wait:
            final = follow.to_the_end(session, session.app, number)
    if session.as_json:
        session.out.json(
            {
                "app": session.app,
                "dry_run": False,
                "version": change.version,
                "changes": documents(change.changes),
                "release_status": status,
                "release": release_document(final, number),
            }
        )
    if final is not None:
        follow.check_outcome(final, session)


def _outcome(session: Session, change: "Change", report: Report, status: str) -> str:
    names = listed([item.name for item in change.changes])
    what = f"{report.verb} {report.subject or names}".strip()
    dot = session.out.styled("·", "dim")
    if status == "queued":
        return f"{what} {dot} release v{change.release}"
    if status == "pending":
        return f"{what} {dot} release pending: the releaser is unavailable and will be told as soon as it is back"
    if status == "staged":
        return f"{what} {dot} staged; {session.hint('releases:create')} releases it"
    return what if report.certain or change.change_id else "No change"


def documents(changes: "Iterable[NameChange]") -> list[dict[str, str]]:
    """Name changes as JSON shows them."""
    return [{"name": item.name, "action": actions.word(item.action)} for item in changes]


def release_document(final: "Release | None", number: int | None) -> dict[str, object] | None:
    """The release as far as it is known: followed to its end, or its number alone."""
    if final is not None:
        return releases_shown.document(final)
    return None if number is None else {"number": number}


def dry_run(
    session: Session, changes: "Iterable[NameChange]", report: Report, *, version: int | None, releases: bool
) -> None:
    """Print what would change, and whether a release would follow."""
    items = documents(changes)
    would_release = bool(items) and releases
    if session.as_json:
        document = {"app": session.app, "dry_run": True, "version": version, "changes": items}
        session.out.json({**document, "release_status": "none", "release": None, "would_release": would_release})
        return
    if not items:
        session.out.line("No change")
        return
    for item in items:
        session.out.line(f"{would(session, item['action'])} {visible(item['name'])}{_shown(item, report)}")
    session.out.line("A release would follow" if would_release else "No release would follow")


def would(session: Session, action: str) -> str:
    """`Would change`, coloured by what it does to a name."""
    return session.out.styled(actions.would(action), actions.STYLES.get(action, "bold"))


def _shown(item: Mapping[str, str], report: Report) -> str:
    if item["action"] == "removed":
        return ""
    if report.secret:
        return f"={MASK}"
    if item["name"] not in report.shown:
        return ""
    return f"={config_value(item['name'], report.shown[item['name']])}"


def config_value(name: str, value: str) -> str:
    """The value of a config var on one line, masked where it looks like a credential."""
    from paas_cli.credentials import looks_like_one

    return MASK if looks_like_one(name, value) else visible(value)
