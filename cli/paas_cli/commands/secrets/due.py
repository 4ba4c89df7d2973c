"""`paas secrets:due`: what of all apps somebody has to see to. It neither has nor shows a value."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import click

from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.terminal import table, times
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible
from paas_cli.typed import durations
from paas_cli.variables import expiry

if TYPE_CHECKING:
    from paas.secrets.v1.secrets_pb2 import DueSecret

    from paas_cli.terminal.times import Moment

_EXPIRY, _ROTATION, _UNDELIVERED = 1, 2, 3  # paas.secrets.v1.DueKind


@dataclass(frozen=True)
class DueOptions:
    """How soon, how old and for how long, in seconds; an age of 0 goes by each secret's own interval."""

    within: int
    older_than: int
    undelivered: int


class Part(NamedTuple):
    """One of the three lists: its heading, its word where lines are read by programs, and what its moment is called."""

    heading: str
    word: str
    moment: str
    found: "list[DueSecret]"
    at: "list[Moment]"


@declare("secrets:due", app=False)
@click.option("--within", metavar="TIME", default="30d", help="How soon an end is; default 30d.")
@click.option("--older-than", metavar="TIME", help="Rotation: all values that old, whatever was asked of them.")
@click.option("--undelivered", metavar="TIME", default="90d", help="For how long nobody got it; default 90d.")
def command(session: Session, *, within: str, older_than: str | None, undelivered: str) -> None:
    """List secrets of all apps that need attention.

    Three lists, the most urgent first: values whose end is near or past; those that are due to be
    rotated, by --rotate-every of `paas secrets:set`; and those that no release, no `paas run` and
    no reveal has given to anybody for long, so that they may not be needed. A token that is limited to some apps
    lists those of these. Elsewhere than on a terminal: the list (expiry, rotation, undelivered),
    app, name and moment, separated by tabs; a dash stands for never delivered.

    For example:
      paas secrets:due
      paas secrets:due --within 7d --json
      paas secrets:due --older-than 365d
    """
    options = DueOptions(
        within=durations.seconds(within, option="--within"),
        older_than=0 if older_than is None else durations.seconds(older_than, option="--older-than"),
        undelivered=durations.seconds(undelivered, option="--undelivered"),
    )
    run(options, session)


def run(options: DueOptions, session: Session) -> None:
    """Fetch and print."""
    ending, _ = _fetch(session, _EXPIRY, options.within)
    rotation, _ = _fetch(session, _ROTATION, options.older_than)
    undelivered, since = _fetch(session, _UNDELIVERED, options.undelivered)
    parts = [
        Part("Ends soon, or has ended", "expiry", "ENDS", ending, [each.secret.expires_at for each in ending]),
        _rotation(rotation, by_age=bool(options.older_than)),
        Part(
            f"Not delivered for {durations.shown(options.undelivered)}",
            "undelivered",
            "DELIVERED",
            undelivered,
            [each.delivered_at for each in undelivered],
        ),
    ]
    if session.as_json:
        lists = {part.word: [_document(each) for each in part.found] for part in parts}
        session.out.json({**lists, "delivered_since": times.or_null(since)})
        return
    if session.out.is_terminal:
        _show(session, parts)
    else:
        _write(session, parts)
    if not undelivered:
        _note_since(session, since, options.undelivered)


def _rotation(found: "list[DueSecret]", *, by_age: bool) -> Part:
    if by_age:
        return Part("Old", "rotation", "STORED", found, [each.secret.updated_at for each in found])
    return Part("Rotation is due", "rotation", "SINCE", found, [each.secret.rotate_at for each in found])


def _fetch(session: Session, kind: int, within: int) -> "tuple[list[DueSecret], Moment]":
    from paas.secrets.v1 import secrets_pb2

    found: list[DueSecret] = []
    request = secrets_pb2.ListDueSecretsRequest(kind=kind)  # type: ignore[arg-type]  # an enum's number
    if within:
        request.within.seconds = within
    path = "/paas.secrets.v1.SecretsService/ListDueSecrets"
    while True:
        answer = session.read(path, request, secrets_pb2.ListDueSecretsResponse)
        found.extend(answer.secrets)
        if not answer.next_page_token:
            return found, answer.delivered_since
        request.page_token = answer.next_page_token


def _show(session: Session, parts: list[Part]) -> None:
    some = [part for part in parts if part.found]
    if not some:
        session.note("No secret needs attention.")
    for place, part in enumerate(some):
        if place:
            session.out.line()
        session.out.line(session.out.styled(part.heading, "bold"))
        columns = (
            Column("NAME", narrowest=12),
            Column("APP", narrowest=8),
            Column(part.moment),
            Column("BY", rank=1, narrowest=12, style="dim"),
        )
        rows = [
            (visible(each.secret.name), visible(each.app), session.when(at) or "never", visible(each.secret.updated_by))
            for each, at in zip(part.found, part.at, strict=True)
        ]
        table.write(session.out, columns, rows)


def _write(session: Session, parts: list[Part]) -> None:
    for part in parts:
        for each, at in zip(part.found, part.at, strict=True):
            cells = (part.word, visible(each.app), visible(each.secret.name), times.to_second(at) or "-")
            session.out.line("\t".join(cells))


def _note_since(session: Session, since: "Moment", seconds: int) -> None:
    """Where nothing can be said yet of what is not delivered, say from when on it can."""
    can_be_told = since.seconds + seconds
    if since.seconds and can_be_told > session.surroundings.now():
        session.note(
            f"Deliveries are recorded since {times.to_second(since)}: which secrets had none for "
            f"{durations.shown(seconds)} is known from {times.of_seconds(can_be_told)} on."
        )


def _document(due: "DueSecret") -> dict[str, object]:
    return {
        "app": due.app,
        "name": due.secret.name,
        "version": due.secret.version,
        "updated_at": times.or_null(due.secret.updated_at),
        "updated_by": due.secret.updated_by or None,
        **expiry.document(due.secret),
        "delivered_at": times.or_null(due.delivered_at),
    }
