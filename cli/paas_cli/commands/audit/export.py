"""`paas audit:export`: the audit log as JSON Lines."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from paas_cli.command import command as declare
from paas_cli.commands.audit import filters
from paas_cli.commands.audit.document import document
from paas_cli.commands.audit.filters import Filters
from paas_cli.commands.audit.list import LIST, PAGE
from paas_cli.errors import Failure, Interrupted
from paas_cli.files import given_file
from paas_cli.files.given_file import Pieces
from paas_cli.log import reading
from paas_cli.session import Session
from paas_cli.terminal.text import visible, visible_json
from paas_cli.transport.patience import Patience
from paas_transport.rpc_error import RpcError

if TYPE_CHECKING:
    from paas.audit.v1.audit_pb2 import Event, ListEventsRequest, ListEventsResponse


@dataclass(frozen=True)
class ExportOptions:
    """Which events, those after which sequence, and where to; `-` is standard output."""

    filters: Filters
    after: int
    file: str


@dataclass
class Progress:
    """How far an export is, in places of the log: from `first` to `last` of those up to `end`. `count` is of events."""

    end: int = 0
    first: int = 0
    last: int = 0
    count: int = 0
    pieces: Pieces | None = None

    @property
    def total(self) -> int:
        """How many places there are."""
        return self.end - self.first + 1

    @property
    def done(self) -> int:
        """How many of them are behind."""
        return self.last - self.first + 1 if self.count else 0

    def add(self, events: "Sequence[Event]") -> None:
        """Count events that were written."""
        self.first = self.first or events[0].sequence
        self.last, self.count = events[-1].sequence, self.count + len(events)


@declare("audit:export", app=False)
@filters.options
@click.option("--after", type=click.IntRange(0), default=0, metavar="SEQUENCE", help="Only newer ones than this.")
@click.option(
    "-o", "--output", "file", default="-", metavar="FILE", help="Write a file (mode 0600); `-` is standard output."
)
def command(session: Session, *, after: int, file: str, **given: Any) -> None:
    """Write the audit log as JSON Lines.

    One event a line, the oldest first, each as in `paas audit --json`, up to the newest there
    is when it begins. Options choose events as those of `paas audit` do.

    FILE is in its place once it is whole. Where it can't be finished, what there is stays in
    FILE.part, and --after with the sequence of its last event writes the rest. A connection
    that is lost is tried again for 5 minutes.

    For example:
      paas audit:export -o audit.jsonl
      paas audit:export --since 2026-11-01 --until 2026-12-01 -o november.jsonl
      paas audit:export --after 120000 >> audit.jsonl
    """
    run(ExportOptions(filters.chosen(given, now=session.surroundings.now()), after, file), session)


def run(options: ExportOptions, session: Session) -> None:
    """Ask where the log ends, write up to there."""
    progress = Progress()
    try:
        _write(options, session, progress)
    except KeyboardInterrupt:
        raise Interrupted(f"Interrupted.{_rest(progress)}") from None
    except Failure as failure:
        sentence = failure.sentence + _rest(progress)
        raise Failure(sentence, exit_code=failure.exit_code, details=failure.details) from None
    if not options.after:
        reading.note_dropped(session, reading.dropped_of(session), since=options.filters.since)
    if progress.pieces is not None and progress.pieces.is_file:
        session.err.line(f"Wrote {_events(progress)} to {visible(options.file)}")


def _write(options: ExportOptions, session: Session, progress: Progress) -> None:
    """Write page by page, from the oldest event to the one that is the newest when it begins."""
    request = options.filters.list_request()
    request.after_sequence, request.page_size = options.after, 1
    while not (newest := _page(session, request)).events and newest.next_page_token:
        request.page_token = newest.next_page_token
    progress.end = newest.events[0].sequence if newest.events else 0
    request = options.filters.list_request()
    request.after_sequence, request.before_sequence = options.after, progress.end + 1
    request.oldest_first, request.page_size = True, PAGE
    with given_file.in_pieces(options.file, out=session.out) as pieces:
        progress.pieces = pieces
        with _shower(session, pieces) as show:
            while progress.end:
                page = _page(session, request)
                if page.events:
                    for event in page.events:
                        pieces.write(_line(session, event, pieces))
                    progress.add(page.events)
                    show(progress)
                if not page.next_page_token:
                    break
                request.page_token = page.next_page_token


def _page(session: Session, request: "ListEventsRequest") -> "ListEventsResponse":
    """One page, across lost connections. Raises Failure once these don't heal."""
    from paas.audit.v1 import audit_pb2

    patience = Patience(session)
    while True:
        patience.begin()
        try:
            return session.try_to_read(LIST, request, audit_pb2.ListEventsResponse)
        except RpcError as error:
            patience.wait(error)


def _line(session: Session, event: "Event", pieces: Pieces) -> str:
    text = json.dumps(document(event), ensure_ascii=False)
    return (text if pieces.is_file or not session.out.is_terminal else visible_json(text)) + "\n"


def _shower(session: Session, pieces: Pieces) -> AbstractContextManager[Callable[[Progress], None]]:
    """A bar on standard error, unless the events go to the same terminal."""
    if session.err.is_terminal and (pieces.is_file or not session.out.is_terminal):
        from paas_cli.terminal.progress import Count

        return Count(session.err, "reading the log", line=_events, is_over=lambda _: False)
    return nullcontext(lambda _: None)


def _events(progress: Progress) -> str:
    return f"{progress.count:,} {'event' if progress.count == 1 else 'events'}"


def _rest(progress: Progress) -> str:
    """What is there of an export that ended before its end, and what writes the rest."""
    pieces = progress.pieces
    if pieces is None or not progress.count:
        return " Nothing was written."
    where = f"{_events(progress)} {'is' if progress.count == 1 else 'are'} in {visible(pieces.unfinished)}"
    there = where if pieces.unfinished else f"{_events(progress)} went out"
    return f" {there}, up to sequence {progress.last}; the same with --after {progress.last} writes the rest."
