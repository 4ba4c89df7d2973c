"""The checkpoint of the log: verified as `paas audit:checkpoint` verifies it, but for what only a memory can tell.

A page has no memory of its own that would be worth anything here: whoever could show another log could change it. So it
trusts the keys that the log is said to have, says so, and says who does remember.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from paas.audit.v1.audit_pb2 import GetLogResponse

from paas_cli.log.dropped import Dropped
from paas_cli.log.told import Served, told
from paaskit.ed25519 import Ed25519
from transparency.encoding import base64_of
from transparency.failures import Malformed
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.notes.cosignatures import split_timestamped
from transparency.notes.keys import VerifierKey
from transparency.policy import Policy

_ED25519: Final = Ed25519()
# No clock of a witness is there, and no date of Python's.
_YEAR_10000: Final = 253_402_300_800


@dataclass(frozen=True, kw_only=True)
class Cosigned:
    """What a witness's signature says. Nobody here knows the witness's key, so it is not verified."""

    witness: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class LogState:
    """A checkpoint whose signature was verified; `keys` are those that signed it, as they are handed on."""

    checkpoint: Checkpoint
    keys: Sequence[VerifierKey]
    cosigned: Sequence[Cosigned]
    note: str
    dropped: Dropped | None

    @property
    def root(self) -> str:
        """The root, as the checkpoint writes it."""
        return base64_of(self.checkpoint.root)

    @property
    def policy(self) -> Policy:
        """What proofs of this log are verified with: its keys, and no witness."""
        return Policy(tuple(self.keys))

    def has(self, sequence: int) -> bool:
        """Whether an event is in it. Sequences count from 1 without gaps."""
        return sequence <= self.checkpoint.size


def log_state(answer: GetLogResponse) -> LogState | None:
    """Return the checkpoint that is served, None before there is one. Raises NotVerified where it can't be believed."""
    log = told(answer)
    if not log.note:
        return None
    note = signed.parsed(log.note)
    checkpoint = checkpoints.parsed(note.text)
    if checkpoint.origin != log.origin:
        raise Malformed("its checkpoint is another log's")
    by = {each.key for each in signed.verified(note, log.keys, _ED25519)}
    keys = [key for key in log.keys if key in by]
    for key in keys:
        checkpoints.signed_by(key, note)
    return LogState(
        checkpoint=checkpoint, keys=keys, cosigned=_cosigned(note, log), note=log.note.decode(), dropped=log.dropped
    )


def _cosigned(note: signed.SignedNote, log: Served) -> list[Cosigned]:
    """Which witnesses are said to have seen it, and when they last did."""
    own = {(key.name, key.key_id) for key in log.keys}
    times: dict[str, int] = {}
    for signature in note.signatures:
        if (signature.name, signature.key_id) not in own:
            try:
                time, _ = split_timestamped(signature.content)
            except Malformed:
                continue  # somebody's signature, and no witness's
            times[signature.name] = max(time, times.get(signature.name, 0))
    return [
        Cosigned(witness=name, at=datetime.fromtimestamp(time, UTC))
        for name, time in sorted(times.items())
        if time < _YEAR_10000
    ]
