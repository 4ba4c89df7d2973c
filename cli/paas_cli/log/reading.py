"""Looking at the tenant's log: its checkpoint is verified, goes on from what was remembered, and is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from paas_cli.errors import Failure
from paas_cli.log import refusals
from paas_cli.log.dropped import Dropped
from paas_cli.log.kept import Kept, Memory
from paas_cli.log.served import LogFiles, served
from paas_cli.log.told import Served
from paas_cli.log.trust import Believed, KeyChanged, believed, believed_by_policy
from paas_cli.session import Session
from paas_cli.terminal import times
from transparency.failures import DoesNotExtend, Malformed, Misfit, NotVerified
from transparency.merkle.proofs import consistency_proof
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.notes.keys import VerifierKey
from transparency.policy import Policy
from transparency.remembered import advance
from transparency.tiles.reader import TileReader


@dataclass(frozen=True)
class Trust:
    """Who the user says is to be trusted, where it isn't what is remembered: a policy, or a key."""

    policy: Policy | None = None
    key: VerifierKey | None = None


AS_REMEMBERED: Final = Trust()


@dataclass(frozen=True)
class Seen:
    """A checkpoint that was looked at, as it was served; what was remembered before, and what is now.

    `dropped` is what the service says of it, which is not verified.
    """

    believed: Believed
    note: bytes = field(repr=False)
    before: Kept | None
    now: Kept
    dropped: Dropped | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint."""
        return self.believed.checkpoint


class LogReader:
    """Looks at the log of the tenant that a session is signed in to."""

    def __init__(self, session: Session, trust: Trust = AS_REMEMBERED) -> None:
        self._session = session
        self._trust = trust
        self.memory = Memory(session.surroundings.environ)
        self.files = LogFiles(session)

    def look(self) -> Seen:
        """Look at the checkpoint that is served now. Raises Failure; LogRefused where it can't be believed."""
        try:
            log = served(self._session)
            before = self.memory.read(log.origin)
            if before is not None and _size(log.note) < before.checkpoint.size:
                log = served(self._session)  # another process may have seen a newer one since this was asked for
            return self.take(log, log.note, before=before)
        except NotVerified as error:
            raise refusals.unverified(error) from None

    def take(self, log: Served, note: bytes, *, before: Kept | None) -> Seen:
        """Judge and remember a checkpoint of `log` that was asked for after `before` was read.

        Raises NotVerified, and LogRefused where it is about what is remembered.
        """
        found = self._believed(log, note, before)

        def check_goes_on(older: Checkpoint, newer: Checkpoint) -> None:
            self._check_goes_on(older, newer, note=note, path=self.memory.path(log.origin))

        same = before is not None and before.checkpoint == found.checkpoint
        if before is not None and not same:
            check_goes_on(before.checkpoint, found.checkpoint)
        now = Kept(
            log.origin,
            found.keys,
            note,
            before.seen_at if before is not None and same else int(self._session.surroundings.now()),
            before.verified if before is not None else 0,
        )
        try:
            now = self.memory.put(now, known=before, check_goes_on=check_goes_on)
        except refusals.LogRefused:
            raise
        except Failure as failure:
            self._session.warn(f"what was seen of the log is not remembered: {failure.sentence}")
        return Seen(found, note, before, now, log.dropped)

    def check_same_log(self, other: Checkpoint, seen: Seen, *, note: bytes) -> None:
        """Raise LogRefused unless `other`, whose note is given, is a checkpoint of the very log that was seen."""
        older, newer = sorted((other, seen.checkpoint), key=lambda each: each.size)
        self._check_goes_on(older, newer, note=note, path=self.memory.path(newer.origin))

    def note_first(self, seen: Seen) -> None:
        """Say that keys were trusted because they were the first, unless the user named them. Not beside JSON."""
        if seen.before is None and self._trust == AS_REMEMBERED and not self._session.as_json:
            path = self.memory.path(seen.checkpoint.origin)
            self._session.note(f"this log is seen for the first time; its key is trusted from now on ({path}).")

    def _believed(self, log: Served, note: bytes, before: Kept | None) -> Believed:
        if checkpoints.parsed(signed.parsed(note).text).origin != log.origin:
            raise Malformed("its checkpoint is another log's")
        if self._trust.policy is not None:
            return believed_by_policy(note, self._trust.policy)
        if self._trust.key is not None and self._trust.key.name != log.origin:
            raise refusals.of_another_log(self._trust.key, log.origin)
        try:
            return believed(note, trusted=self._trusted(log, before), told=log.keys)
        except KeyChanged:
            if before is None and self._trust.key is None:
                raise NotVerified("its checkpoint is not signed by the keys that it is said to have") from None
            raise refusals.key_changed(log, before, checkpoint=self._session.hint(_TRUST, about_app=False)) from None

    def _trusted(self, log: Served, before: Kept | None) -> Sequence[VerifierKey]:
        if self._trust.key is not None:
            return [self._trust.key]
        return log.keys if before is None else before.keys

    def _check_goes_on(self, older: Checkpoint, newer: Checkpoint, *, note: bytes, path: str) -> None:
        """Raise LogRefused unless a checkpoint goes on from another, of which one is remembered."""
        try:
            proof: list[bytes] = []
            if 0 < older.size < newer.size:
                reader = TileReader(self.files.fetch, size=newer.size, root=newer.root)
                proof = consistency_proof(older.size, newer.size, reader.hashes)
            advance(older, newer, proof)
        except DoesNotExtend as error:
            remembered = self.memory.read(newer.origin)
            assert remembered is not None
            evidence = self.memory.put_evidence(remembered, note)
            is_older = newer.size < older.size
            raise refusals.another_history(error, remembered, evidence, path, is_older=is_older) from None
        except Misfit as error:
            raise refusals.misfit(error) from None


_TRUST: Final = "audit:checkpoint --trust-key KEY"


def _size(note: bytes) -> int:
    return checkpoints.parsed(signed.parsed(note).text).size


def look_beside(session: Session) -> Seen | None:
    """Look at the log beside a command that has another purpose, and say nothing unless it can't be believed.

    What can't be asked or kept just now is left for the next time; then None is returned.
    """
    try:
        return LogReader(session).look()
    except refusals.LogRefused:
        raise
    except Failure:
        return None


def note_dropped(session: Session, dropped: Dropped | None, *, since: datetime | None) -> None:
    """Say so where events that were asked for may be among those that were dropped. Not beside JSON."""
    if dropped is not None and dropped.has_any_since(since) and not session.as_json:
        session.note(f"events recorded before {times.of_seconds(dropped.before)} are not shown. {dropped.words}.")


def dropped_of(session: Session) -> Dropped | None:
    """Ask what was dropped of the log, for a command that has another purpose; None where it can't be asked."""
    try:
        return served(session).dropped
    except (Failure, NotVerified):
        return None
