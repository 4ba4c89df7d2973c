"""`paas audit:verify`: is everything in the log what it committed to, and does it go on from what was seen before?"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

import click

from paas_cli.command import command as declare
from paas_cli.commands.audit_log.checkpoint import document
from paas_cli.log import event_shown, refusals, trust_options
from paas_cli.log.dropped import Dropped, check_told
from paas_cli.log.reading import LogReader, Seen, Trust
from paas_cli.log.served import EntriesDenied
from paas_cli.log.spread import spread
from paas_cli.session import Session
from paas_cli.terminal import times
from transparency.encoding import LARGEST
from transparency.failures import Misfit, NotVerified
from transparency.verification import verify_at

_HASHES_ALONE: Final = LARGEST


@dataclass(frozen=True)
class Progress:
    """So many of so many events are done with."""

    done: int
    total: int


@dataclass(frozen=True)
class Verified:
    """What was verified: the events from the one at index `first` on, or where `is_limited` their hashes alone.

    Of those that are said to be `dropped`, hashes were verified, and that the log itself says so.
    """

    first: int
    is_limited: bool
    dropped: Dropped | None = None


@declare("audit:verify", app=False)
@click.option("--all", "everything", is_flag=True, help="The whole log, not only what is new.")
@trust_options.policy_option
@trust_options.trust_key_option
def command(session: Session, *, everything: bool, policy: str | None, trust_key: str | None) -> None:
    """Verify the audit log.

    Shows that the log goes on from the checkpoint that was seen here last, so that nothing that
    was in it then was changed, removed or reordered, and that each event added since is the one
    that was committed to. The first event that does not fit is named (exit code 1). That
    everything was recorded can't be shown. Who is limited to some apps verifies hashes alone.
    Of events whose time was over and that were dropped, hashes are verified, and that an event
    of the log says that they were.

    For example:
      paas audit:verify
      paas audit:verify --all
      paas audit:verify --policy trusted.policy
    """
    run(session, trust_options.trust(session, policy_file=policy, key=trust_key), everything=everything)


def run(session: Session, trust: Trust, *, everything: bool) -> None:
    """Look, verify, remember, report."""
    reader = LogReader(session, trust)
    seen = reader.look()
    reader.note_first(seen)
    first = 0 if everything or seen.before is None else seen.before.verified
    verified = _verified(reader, seen, session, first=first)
    if not verified.is_limited:
        reader.memory.put_verified(seen.checkpoint.origin, seen.checkpoint.size)
    if session.as_json:
        session.out.json({**document(seen), **_document(seen, verified)})
    else:
        session.out.prose(f"{session.out.styled('✓', 'green')} {sentence(seen, verified)}")


def _verified(reader: LogReader, seen: Seen, session: Session, *, first: int) -> Verified:
    """Verify from the entry at index `first` on. Raises LogRefused naming the first that does not fit."""
    dropped = seen.dropped
    try:
        try:
            if dropped is not None:
                check_told(dropped, seen.checkpoint, reader.files.fetch)
            _verify(reader, seen, session, first=first, hashes_of=dropped.count if dropped is not None else 0)
        except EntriesDenied:
            if reader.files.has_served_entries:
                raise NotVerified("some of its entries are kept back, and others are not") from None
            first = min(first, seen.before.checkpoint.size) if seen.before is not None and first else first
            _verify(reader, seen, session, first=first, hashes_of=_HASHES_ALONE)
            return Verified(first, is_limited=True)
    except Misfit as error:
        raise refusals.misfit(error) from None
    except NotVerified as error:
        raise refusals.unverified(error) from None
    return Verified(first, is_limited=False, dropped=dropped)


def _verify(reader: LogReader, seen: Seen, session: Session, *, first: int, hashes_of: int) -> None:
    size = seen.checkpoint.size

    def look(index: int, entries: Sequence[bytes]) -> None:
        event_shown.check_places(index, entries, size=size)

    with _shower(session) as show:
        show(Progress(min(first, size), size))
        verify_at(
            seen.checkpoint,
            reader.files.fetch,
            first_entry=hashes_of,
            since=first,
            look=look,
            progress=lambda done: show(Progress(done, size)),
            spread=spread,
        )


def _shower(session: Session) -> AbstractContextManager[Callable[[Progress], None]]:
    if session.err.is_terminal and not session.as_json:
        from paas_cli.terminal.progress import Count

        return Count[Progress](session.err, "verifying", line=lambda _: "", is_over=lambda _: False)
    return nullcontext(lambda _: None)


def sentence(seen: Seen, verified: Verified) -> str:
    """What was verified, and since when."""
    size, before = seen.checkpoint.size, seen.before
    events = f"{size:,} event{'' if size == 1 else 's'}"
    since = ", which is seen for the first time"
    if before is not None:
        at, known = times.of_seconds(before.seen_at), before.checkpoint.size
        since = f" and goes on from the {known:,} seen {at}" if known < size else f", as seen {at}"
    if verified.is_limited:
        return (
            f"The log has {events}{since}. Hashes alone were verified, and no event: you are limited to some apps, and "
            "the log's entries are of all."
        )
    dropped = verified.dropped
    if dropped is not None and verified.first < dropped.count:
        told = f"{dropped.words}, as event {dropped.told_in + 1:,} says"
        return f"The log has {events}{since}. {told}: their hashes, and all events since, are what it committed to."
    if verified.first == 0:
        return f"The log has {events}{since}. All of them are what it committed to."
    added = size - verified.first
    if not added:
        return f"The log has {events}{since}. None was added since they were verified."
    return f"The log has {events}{since}. The {added:,} added since the last verification are what it committed to."


def _document(seen: Seen, verified: Verified) -> dict[str, object]:
    before = seen.before
    return {
        "goes_on_from": None
        if before is None
        else {"size": before.checkpoint.size, "seen_at": times.of_seconds(before.seen_at)},
        "events_verified": _count(seen, verified),
        "hashes_alone": verified.is_limited,
        "dropped": verified.dropped and verified.dropped.document(),
    }


def _count(seen: Seen, verified: Verified) -> int:
    """How many events were verified."""
    if verified.is_limited:
        return 0
    dropped = verified.dropped.count if verified.dropped is not None else 0
    return seen.checkpoint.size - max(verified.first, dropped)
