"""Say what a change did, then follow the release it caused. The same for config, secrets and apps.

A value is shown only by a dry run, only of a config var, and not where it looks like a credential.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paas_cli.groups import uses
from paas_cli.releases import actions, follow
from paas_cli.releases import shown as releases_shown
from paas_cli.session import Session
from paas_cli.terminal.output import MASK
from paas_cli.terminal.text import visible
from paas_cli.typed.assignments import listed

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
    `shown` are config values a dry run may show. `kinds` says of each change whether it is of `config` or a `secret`,
    where one command changes both; it has no one version then. `more` is what else its JSON has.
    """

    verb: str
    options: ReleaseOptions
    secret: bool = False
    subject: str = ""
    certain: bool = False
    shown: Mapping[str, str] = field(default_factory=dict, repr=False)
    kinds: tuple[str, ...] = ()
    more: Mapping[str, object] = field(default_factory=dict)

    def version(self, change: "Change") -> int | None:
        """The version a change made or found."""
        return None if self.kinds and not change.version else change.version


def tell(session: Session, change: "Change", report: Report) -> None:
    """Print the outcome and watch the release. Raises Failure where that fails."""
    if report.options.dry_run:
        dry_run(session, change.changes, report, version=report.version(change), releases=not report.options.stage)
        return
    number = change.release if change.HasField("release") else None
    status = _STATUSES.get(change.release_status, "none" if number is None else "queued")
    final = None
    with follow.goes_on(session, number):
        if not session.as_json:
            session.out.prose(_outcome(session, change, report, status))
            session.out.flush()
        if status == "queued" and number is not None and not report.options.no_wait:
            final = follow.as_far_as_allowed(session, number)
    if session.as_json:
        session.out.json(
            {
                "app": session.app,
                **report.more,
                "dry_run": False,
                "version": report.version(change),
                "changes": documents(change.changes, kinds=report.kinds),
                "release_status": status,
                "release": release_document(final, number),
            }
        )
    if final is not None:
        follow.check_outcome(final, session)


def _outcome(session: Session, change: "Change", report: Report, status: str) -> str:
    names = listed(list(dict.fromkeys(item.name for item in change.changes)))
    what = f"{report.verb} {report.subject or names}".strip()
    dot = session.out.styled("·", "dim")
    if status == "queued":
        return f"{what} {dot} release v{change.release}"
    if status == "pending":
        return f"{what} {dot} release pending: the releaser is unavailable and will be told as soon as it is back"
    if status == "staged":
        return f"{what} {dot} staged; {session.hint('releases:create')} releases it"
    return what if report.certain or change.change_id else "No change"


def documents(changes: "Iterable[NameChange]", *, kinds: Sequence[str] = ()) -> list[dict[str, str]]:
    """Name changes as JSON shows them, with the kind of each where it is given."""
    found = [{"name": item.name, "action": actions.word(item.action)} for item in changes]
    return [{**each, "kind": kind} for each, kind in zip(found, kinds, strict=True)] if kinds else found


def release_document(final: "Release | None", number: int | None) -> dict[str, object] | None:
    """The release as far as it is known: followed to its end, or its number alone."""
    if final is not None:
        return releases_shown.document(final)
    return None if number is None else {"number": number}


def dry_run(
    session: Session, changes: "Iterable[NameChange]", report: Report, *, version: int | None, releases: bool
) -> None:
    """Print what would change, whether a release would follow, and of a group's which apps it would reach."""
    items = documents(changes, kinds=report.kinds)
    would_release = bool(items) and releases
    reached = uses.preview(session, {item["name"] for item in items}) if would_release else None
    if session.as_json:
        document = {"app": session.app, "dry_run": True, "version": version, "changes": items}
        document |= {"release_status": "none", "release": None, "would_release": would_release}
        session.out.json(document if reached is None else {**document, **reached.document()})
        return
    if not items:
        session.out.line("No change")
        return
    sealed = {item["name"] for item in items if item.get("kind") == "config" and item["action"] == "removed"}
    sealed &= {item["name"] for item in items if item.get("kind") == "secret"}
    for item in items:
        if item["name"] in sealed:
            if item["action"] == "removed":  # it is listed twice, as what it was and as what it becomes
                session.out.line(f"{session.out.styled('Would seal', 'yellow')} {visible(item['name'])}")
            continue
        session.out.line(f"{would(session, item['action'])} {visible(item['name'])}{_shown(item, report)}")
    for line in reached.lines() if reached is not None else ():
        session.out.prose(line, hanging=2)
    session.out.line("A release would follow" if would_release else "No release would follow")


def would(session: Session, action: str) -> str:
    """`Would change`, coloured by what it does to a name."""
    return session.out.styled(actions.would(action), actions.STYLES.get(action, "bold"))


def _shown(item: Mapping[str, str], report: Report) -> str:
    if item["action"] == "removed":
        return ""
    if report.secret or item.get("kind") == "secret":
        return f"={MASK}"
    if item["name"] not in report.shown:
        return ""
    return f"={config_value(item['name'], report.shown[item['name']])}"


def config_value(name: str, value: str) -> str:
    """The value of a config var on one line, masked where it looks like a credential."""
    from paas_cli.typed.credentials import looks_like_one

    return MASK if looks_like_one(name, value) else visible(value)
