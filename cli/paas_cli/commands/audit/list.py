"""`paas audit`: who did what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from paas_cli.command import command as declare
from paas_cli.commands.audit import filters, shown
from paas_cli.commands.audit.document import document
from paas_cli.commands.audit.filters import Filters
from paas_cli.errors import Interrupted, Misuse
from paas_cli.log import reading
from paas_cli.session import Session
from paas_cli.transport.patience import Patience
from paas_transport.rpc_error import RpcError, SignInRenewed

if TYPE_CHECKING:
    from paas.audit.v1.audit_pb2 import Event, ListEventsRequest

PAGE = 500  # the most the service gives at once
LIST = "/paas.audit.v1.AuditService/ListEvents"
_FOLLOW = "/paas.audit.v1.AuditService/FollowEvents"
_FROM_THE_OLDEST = -1


@dataclass(frozen=True)
class AuditOptions:
    """Which events, how many, those before which sequence (0: the newest), and whether to wait for more."""

    filters: Filters
    limit: int
    before: int
    follow: bool


@declare("audit", app=False)
@filters.options
@click.option("-n", "--limit", type=click.IntRange(0), metavar="N", help="How many; default 50, with --follow 10.")
@click.option("--before", type=click.IntRange(1), metavar="SEQUENCE", help="Only older ones than this.")
@click.option("-f", "--follow", is_flag=True, help="Then show new events as they come, until Ctrl-C.")
def command(session: Session, *, limit: int | None, before: int | None, follow: bool, **given: Any) -> None:
    """Show who did what.

    The newest events, newest first. Elsewhere than on a terminal: time, action, actor, app,
    targets and outcome, separated by tabs, a dash for none. After the name of a token comes who
    made it; ids are in --json, and so is what a narrow terminal has no room for. Events of all
    apps are shown unless one is named; PAAS_APP and .paas.toml do not count here.

    Options narrow each other. --actor finds what somebody did, had a service do, and what was
    done with a token they made; pat:NAME and service:NAME are others who do things. --name is
    exactly what an event is about. --since and --until take how long ago (24h, 7d, 2w), a day
    (2026-11-01) or a day and a time (2026-11-01T13:42Z), in UTC, and go by when events reached
    the log.

    --follow shows the newest, the oldest of them first, and then new ones, each once, also
    after the connection was lost: it tries again for 5 minutes. With --json each event is one
    line.

    For example:
      paas audit --name STRIPE_API_KEY --action secrets.get --since 2026-10-01
      paas audit --actor ada@example.com --since 24h
      paas audit --outcome denied --people -a web
      paas audit --follow --action secrets.get
    """
    if follow and (given["until"] or before):
        raise Misuse("--follow goes on with what is new, so it takes neither --until nor --before.")
    chosen = filters.chosen(given, now=session.surroundings.now())
    if limit is None:
        limit = 10 if follow else 50
    run(AuditOptions(chosen, limit, before or 0, follow), session)


def run(options: AuditOptions, session: Session) -> None:
    """Print the newest events, or follow."""
    if options.follow:
        try:
            _follow(options, session)
        except KeyboardInterrupt:
            raise Interrupted("Stopped following.") from None
        return
    request = options.filters.list_request()
    request.before_sequence = options.before
    events, are_all = _newest(session, request, options.limit)
    if session.as_json:
        session.out.json({"events": [document(event) for event in events]})
    else:
        shown.listing(session, events)
        if not events and options.limit:
            session.note("The audit log has no such events.")
    if events and not are_all and session.out.is_terminal:
        older = f"audit{options.filters.words} --before {events[-1].sequence}"
        session.note(f"there are older ones; {session.hint(older, about_app=False)} shows them.")
    seen = reading.look_beside(session)
    if seen is not None and (are_all or options.filters.since):
        reading.note_dropped(session, seen.dropped, since=options.filters.since)


def _newest(session: Session, request: "ListEventsRequest", limit: int) -> "tuple[list[Event], bool]":
    """Events, newest first, and whether there are no older ones."""
    from paas.audit.v1 import audit_pb2

    found: list[Event] = []
    while len(found) < limit:
        request.page_size = min(limit - len(found), PAGE)
        answer = session.read(LIST, request, audit_pb2.ListEventsResponse)
        found.extend(answer.events)
        if not answer.next_page_token:
            return found[:limit], True
        request.page_token = answer.next_page_token
    return found[:limit], False


def _follow(options: AuditOptions, session: Session) -> None:
    """Print the newest events and those that come after. Where the log ends is asked first, so that none is missed."""
    from paas.audit.v1 import audit_pb2

    last, _ = _newest(session, audit_pb2.ListEventsRequest(), 1)
    end = last[0].sequence if last else 0
    if end and options.limit:
        request = options.filters.list_request()
        request.before_sequence = end + 1
        newest, _ = _newest(session, request, options.limit)
        for event in reversed(newest):
            shown.line(session, event)
    for event in _to_come(options.filters, session, after=end or _FROM_THE_OLDEST):
        shown.line(session, event)


def _to_come(chosen: Filters, session: Session, *, after: int) -> "Iterator[Event]":
    """Events from now on, across broken connections. Raises Failure once these don't heal."""
    from paas.audit.v1 import audit_pb2

    patience = Patience(session)
    while True:
        broke: RpcError | None = None
        patience.begin()
        try:
            request = chosen.follow_request(after=after)
            for answer in session.stream(_FOLLOW, request, audit_pb2.FollowEventsResponse):
                patience.answered()
                after = answer.event.sequence
                yield answer.event
        except SignInRenewed:
            continue
        except RpcError as error:
            broke = error
        patience.wait(broke)
