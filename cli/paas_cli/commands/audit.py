"""`paas audit`: who did what. An event never holds a value."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli import rpc_error, times
from paas_cli.command import command as declare
from paas_cli.errors import Interrupted
from paas_cli.rpc_error import RpcError, SignInRenewed
from paas_cli.session import Session
from paas_cli.terminal_text import visible

if TYPE_CHECKING:
    from paas.audit.v1.audit_pb2 import Event

_PAGE = 500  # the most the service gives at once
_OUTCOMES = {1: "ok", 2: "denied", 3: "failed"}
_STYLES = {"ok": "green", "denied": "red", "failed": "yellow"}
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class AuditOptions:
    """Which events, and whether to wait for more. Empty filters let everything through."""

    app: str
    action: str
    limit: int
    follow: bool


@declare("audit", app=False)
@click.option("-a", "--app", "app", metavar="APP", default="", help="Only events about this app.")
@click.option("--action", metavar="ACTION", default="", help="Only this action, such as secrets.get.")
@click.option("-n", "--limit", type=click.IntRange(0), metavar="N", help="How many; default 50, with --follow 10.")
@click.option("-f", "--follow", is_flag=True, help="Then show new events as they come, until Ctrl-C.")
def command(session: Session, *, app: str, action: str, limit: int | None, follow: bool) -> None:
    """Show who did what.

    The newest events, oldest of them first. Elsewhere than on a terminal: time, action, actor,
    app, targets and outcome, separated by tabs, a dash for none. After the name of a token
    comes who made it; ids are in --json. Events of all apps are shown unless one is named;
    PAAS_APP and .paas.toml do not count here. With --follow --json each event is one line of
    JSON.

    For example:
      paas audit -a web
      paas audit --action secrets.get -n 200
      paas audit --follow
    """
    if limit is None:
        limit = 10 if follow else 50
    run(AuditOptions(app, action, limit, follow), session)


def run(options: AuditOptions, session: Session) -> None:
    """Print the newest events, then follow."""
    events = _newest(options, session)
    if options.follow:
        try:
            for event in events:
                _print_followed(session, event)
            for event in _to_come(options, session, after=events[-1].sequence if events else 0):
                _print_followed(session, event)
        except KeyboardInterrupt:
            raise Interrupted("Stopped following.") from None
    elif session.as_json:
        session.out.json({"events": [_document(event) for event in events]})
    else:
        heading = ("TIME", "ACTION", "ACTOR", "APP", "TARGETS", "OUTCOME")
        rows = [_cells(event) for event in events]
        if rows:
            session.out.rows(rows, heading=heading, styles=("dim", "bold", "", "", "", ""), colours={5: _STYLES})


def _newest(options: AuditOptions, session: Session) -> "list[Event]":
    from paas.audit.v1 import audit_pb2

    found: list[Event] = []
    request = audit_pb2.ListEventsRequest(app=options.app, action=options.action)
    while len(found) < options.limit:
        request.page_size = min(options.limit - len(found), _PAGE)
        answer = session.read("/paas.audit.v1.AuditService/ListEvents", request, audit_pb2.ListEventsResponse)
        found.extend(answer.events)
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    return found[: options.limit][::-1]


def _to_come(options: AuditOptions, session: Session, *, after: int) -> "Iterator[Event]":
    """Events from now on, across broken connections. Raises Failure once these don't heal."""
    from paas.audit.v1 import audit_pb2

    tries = 0
    while True:
        try:
            request = audit_pb2.FollowEventsRequest(after_sequence=after, app=options.app)
            path = "/paas.audit.v1.AuditService/FollowEvents"
            for answer in session.stream(path, request, audit_pb2.FollowEventsResponse):
                after, tries = answer.event.sequence, 0
                if options.action in ("", answer.event.action):
                    yield answer.event
        except SignInRenewed:
            continue
        except RpcError as error:
            broke = error.code in (rpc_error.UNAVAILABLE, rpc_error.DEADLINE_EXCEEDED)
            if not broke or tries == len(_PAUSES):
                raise session.failure(error, effect=None) from None
        session.surroundings.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
        tries += 1


def _print_followed(session: Session, event: "Event") -> None:
    if session.as_json:
        session.out.json(_document(event), indent=None)
    elif session.out.is_terminal:
        time, action, actor, app, targets, outcome = _cells(event)
        out = session.out
        shown = (out.styled(time, "dim"), out.styled(f"{action:<16}", "bold"), f"{actor:<28}", f"{app:<12}", targets)
        out.line("  ".join((*shown, out.styled(outcome, _STYLES.get(outcome, "bold")))))
    else:
        session.out.line("\t".join(_cells(event)))
    session.out.flush()


def _cells(event: "Event") -> tuple[str, ...]:
    # The token that was used is the user's where a service acts for one.
    actor = _made_by(f"{event.actor} for {event.on_behalf_of}" if event.on_behalf_of else event.actor, event.maker)
    time, outcome = times.to_second(event.occurred_at), _OUTCOMES.get(event.outcome, "unknown")
    cells = (time, event.action, actor, event.app, _targets(event), outcome)
    return tuple(visible(cell) or "-" for cell in cells)


def _targets(event: "Event") -> str:
    makers = [token.maker for token in event.target_tokens] or [""] * len(event.targets)
    names = ",".join(_made_by(name, maker) for name, maker in zip(event.targets, makers, strict=False))
    more = f"({event.repeats:,} more within {event.repeats_seconds} s)" if event.repeats else ""
    return f"{names} {more}".strip()


def _made_by(name: str, maker: str) -> str:
    """A token's name may be given again; the person who made it is told after it."""
    return f"{name} ({maker.removeprefix('user:')})" if maker else name


def _document(event: "Event") -> dict[str, object]:
    return {
        "id": event.event_id,
        "sequence": event.sequence,
        "occurred_at": times.or_null(event.occurred_at),
        "recorded_at": times.or_null(event.recorded_at),
        "action": event.action,
        "actor": event.actor,
        "on_behalf_of": event.on_behalf_of or None,
        "token_id": event.token_id or None,
        "maker": event.maker or None,
        "app": event.app or None,
        "targets": list(event.targets),
        "target_tokens": [{"id": token.token_id, "maker": token.maker or None} for token in event.target_tokens],
        "version": event.version or None,
        "outcome": _OUTCOMES.get(event.outcome, "unknown"),
        "repeats": event.repeats,
        "repeats_seconds": event.repeats_seconds or None,
        "request_id": event.request_id or None,
        "client_address": event.client_address or None,
        "service": event.service or None,
    }
