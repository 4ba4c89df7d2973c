"""What the service says of its log, read and not believed. Pure: whoever asked for it takes it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from paas_cli.log.dropped import Dropped
from transparency.failures import Malformed
from transparency.notes.keys import Kind, VerifierKey, parsed_key

if TYPE_CHECKING:
    from paas.audit.v1.audit_pb2 import GetLogResponse

_MOST_KEYS: Final = 16


@dataclass(frozen=True)
class Served:
    """What the service says of its log: what it is called, who signs it, its checkpoint's note, what was dropped.

    The note is empty before the log was published.
    """

    origin: str
    keys: tuple[VerifierKey, ...]
    note: bytes
    dropped: Dropped | None = None


def told(answer: "GetLogResponse") -> Served:
    """Return what an answer says. Raises Malformed for one that can't be of a log."""
    if len(answer.keys) > _MOST_KEYS:
        raise Malformed(f"the log is said to have more than {_MOST_KEYS} keys")
    keys = tuple(parsed_key(text) for text in answer.keys)
    if any(key.name != answer.origin or key.kind is not Kind.ED25519 for key in keys):
        raise Malformed("the log is said to have keys that are another log's")
    return Served(answer.origin, keys, answer.checkpoint, _dropped(answer))


def _dropped(answer: "GetLogResponse") -> Dropped | None:
    """What of the log was dropped, None where nothing was, or the service is too old to say."""
    if answer.first_kept <= 1:
        return None
    before, at = answer.dropped_before.seconds, answer.dropped_at.seconds
    return Dropped(answer.first_kept - 1, before, at, answer.told_in - 1)
