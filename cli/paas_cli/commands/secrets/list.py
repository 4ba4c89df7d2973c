"""`paas secrets`: the names of an app's secrets. It neither has nor shows a value."""

from typing import TYPE_CHECKING, NamedTuple

import click

from paas_cli.command import command as declare
from paas_cli.commands.config import listing as config_listing
from paas_cli.groups import marks, sealed_names, unseen
from paas_cli.releases import actions, draft_shown
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.output import MASK
from paas_cli.terminal.text import visible
from paas_cli.typed import durations
from paas_cli.variables import expiry

if TYPE_CHECKING:
    from paas.secrets.v1.secrets_pb2 import Secret, StagedSecret


_GAP = " " * 3


class Listing(NamedTuple):
    """All of an app's secrets in the server's order, what is staged, and the version listed."""

    secrets: "list[Secret]"
    staged: "list[StagedSecret]"
    version: int


@declare("secrets")
@click.option("--names", is_flag=True, help="Print the names alone, one a line.")
def command(session: Session, *, names: bool) -> None:
    """List the names of secrets.

    Values are masked, and are not even fetched. `paas secrets:get NAME` reveals one. What is
    staged is below what is live and marked (staged); elsewhere than on a terminal such a line
    starts with `# `, as a comment. A secret with an end says when that is; in a narrow terminal
    it is left out, and `paas secrets:due` and --json have it.

    What the app gets of shared groups comes after its own, and which group has it is said as
    `paas config` says it; `paas secrets:get NAME -a GROUP` reveals one. Without config.read the
    app's own are listed alone.

    For example:
      paas secrets -a web
      paas secrets -a web --json
      paas secrets -a shared
      paas secrets --names
    """
    run(session, names=names)


def run(session: Session, *, names: bool) -> None:
    """Fetch and print."""
    listing = fetch(session)
    attached = _attached(session)
    from_groups = (sealed_names.or_none(session, attached) or {}) if attached.groups else {}
    if names:
        found = [*(secret.name for secret in listing.secrets), *from_groups]
        session.out.names(session.app, found, as_json=session.as_json)
    elif session.as_json:
        documents = [_document(secret) for secret in listing.secrets]
        staged_documents = [draft_shown.document(item, MASK) for item in listing.staged]
        document = {"app": session.app, "version": listing.version, "secrets": documents, "staged": staged_documents}
        session.out.json({**document, "groups": _group_documents(listing, attached, from_groups)})
    else:
        _show(session, listing, attached, from_groups)
    if attached.hidden_groups and not session.as_json:
        session.note(f"{unseen.words(attached.hidden_groups)}: what comes from there is not shown.")


def _attached(session: Session) -> config_listing.Listing:
    """What the app has of groups, and nothing else; none where the caller may not read its config vars."""
    groups = config_listing.groups_of(session) if session.may("config.read") else ()
    return config_listing.Listing([], (), 0, groups=groups)


def _show(session: Session, listing: Listing, attached: config_listing.Listing, from_groups: dict[str, str]) -> None:
    """What it has itself, and then what it gets of groups."""
    if not listing.secrets and not from_groups:
        session.note(f"{session.app} has no secrets.")
    draft = {item.name: item for item in listing.staged}
    remarks = _Remarks(session, listing.secrets)
    of_groups = marks.Marks(session.out, attached.groups)
    for secret in listing.secrets:
        session.out.line(_line(session, secret, remarks) + of_groups.beside(secret.name))
        if secret.name in draft:
            session.out.line(_staged_line(session, draft.pop(secret.name)))
    for item in draft.values():
        session.out.line(_staged_line(session, item))
    of_groups.below(secret.name for secret in listing.secrets)
    of = ""
    for name, group in from_groups.items():
        line = draft_shown.assignment(session.out, name, MASK)
        marks.line(session.out, line, group=group, is_first=group != of)
        of = group
    expiry.note_soon(session, listing.secrets)


def fetch(session: Session) -> Listing:
    """Everything there is. Raises Failure."""
    from paas.secrets.v1 import secrets_pb2

    found: list[Secret] = []
    staged: list[StagedSecret] = []
    request = secrets_pb2.ListSecretsRequest(app=session.app)
    while True:
        answer = session.read("/paas.secrets.v1.SecretsService/ListSecrets", request, secrets_pb2.ListSecretsResponse)
        found.extend(answer.secrets)
        staged.extend(answer.staged)  # on the first page only
        if not answer.next_page_token:
            return Listing(found, staged, answer.version)
        request.page_token = answer.next_page_token


class _Remarks:
    """What is said behind secrets: their end, and when they are to be rotated, in columns of their own on a terminal.

    Where there is no room for both, rotations are left out, then ends.
    """

    def __init__(self, session: Session, secrets: "list[Secret]") -> None:
        self._session = session
        self._columns = [self._end, self._rotation]
        if not session.out.is_terminal:
            return
        self._names = max((len(visible(secret.name)) for secret in secrets), default=0)
        self._widths: list[int] = []
        room = session.out.width - self._names - len(f"={MASK}")
        for column in self._columns:
            widest = max((len(column(secret)) for secret in secrets), default=0)
            room -= widest + len(_GAP) if widest else 0
            self._widths.append(widest if room >= 0 else 0)

    def behind(self, secret: "Secret") -> str:
        """What is said of one."""
        if not self._session.out.is_terminal:
            said = [column(secret) for column in self._columns]
            return "".join(f"{_GAP}({each})" for each in said if each)
        columns = [
            f"{_GAP}{column(secret).ljust(width)}"
            for column, width in zip(self._columns, self._widths, strict=True)
            if width
        ]
        text = "".join(columns).rstrip()
        if not text:
            return ""
        style = "yellow" if expiry.is_soon(secret, self._session.surroundings.now()) else "dim"
        return " " * (self._names - len(visible(secret.name))) + self._session.out.styled(text, style)

    def _end(self, secret: "Secret") -> str:
        when = self._session.when(secret.expires_at)
        is_past = secret.expires_at.seconds <= self._session.surroundings.now()
        return f"{'expired' if is_past else 'expires'} {when}" if when else ""

    def _rotation(self, secret: "Secret") -> str:
        when = self._session.when(secret.rotate_at)
        return f"rotate every {durations.shown(secret.rotate_every.seconds)}, next {when}" if when else ""


def _line(session: Session, secret: "Secret", remarks: _Remarks) -> str:
    until = times.to_second(secret.previous_until)
    suffix = session.out.styled(f"{_GAP}(the value before until {until})", "dim") if until else ""
    return draft_shown.assignment(session.out, secret.name, MASK) + remarks.behind(secret) + suffix


def _staged_line(session: Session, item: "StagedSecret") -> str:
    value = None if item.action == actions.REMOVED else MASK
    return draft_shown.marked(session.out, draft_shown.assignment(session.out, item.name, value))


def _group_documents(
    listing: Listing, attached: config_listing.Listing, from_groups: dict[str, str]
) -> list[dict[str, object]]:
    own = [secret.name for secret in listing.secrets]
    return [
        {
            "group": group.group,
            "secrets": [{"name": name, "value": MASK} for name, of in from_groups.items() if of == group.group],
            "own_names": [name for name in group.own_names if name in own],
            "hidden": group.hidden,
        }
        for group in attached.groups
    ]


def _document(secret: "Secret") -> dict[str, object]:
    return {
        "name": secret.name,
        "value": MASK,
        "version": secret.version,
        "updated_at": times.or_null(secret.updated_at),
        "updated_by": secret.updated_by or None,
        "previous_until": times.or_null(secret.previous_until),
        **expiry.document(secret),
    }
