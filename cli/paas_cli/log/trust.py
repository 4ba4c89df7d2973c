"""Who has to have signed a checkpoint for it to be believed: what was remembered, or what the user says. Pure.

The first keys that are seen are trusted, and then only those that sign beside one that is. A key that stops signing is
forgotten with the next checkpoint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paas_cli.log.ed25519 import Ed25519
from transparency.failures import NotVerified
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.notes.keys import VerifierKey
from transparency.policy import Policy, accepted

ED25519 = Ed25519()


class KeyChanged(NotVerified):
    """A checkpoint is signed by none of the keys that are trusted."""


@dataclass(frozen=True)
class Believed:
    """A checkpoint that is believed: the keys that signed it, and when which witnesses of a policy saw it."""

    checkpoint: Checkpoint
    keys: tuple[VerifierKey, ...]
    cosigned: Mapping[str, int] = field(default_factory=dict)


def believed(note: bytes, *, trusted: Sequence[VerifierKey], told: Sequence[VerifierKey]) -> Believed:
    """Return the checkpoint of a note that one of the `trusted` keys signed. Raises NotVerified, among it KeyChanged.

    `told` are keys that whoever serves the log calls its own: those that signed beside a trusted one are believed too.
    """
    parsed = signed.parsed(note)
    checkpoint = checkpoints.parsed(parsed.text)
    known = list(dict.fromkeys([*trusted, *told]))
    mentioned = {(each.name, each.key_id) for each in parsed.signatures}
    if not any((key.name, key.key_id) in mentioned for key in known):
        raise KeyChanged("its checkpoint is signed by no key that is known")
    by = {each.key for each in signed.verified(parsed, known, ED25519)}
    signers = tuple(key for key in known if key in by)
    if not by & set(trusted):
        raise KeyChanged("its checkpoint is signed by none of the keys that are trusted")
    for key in signers:
        checkpoints.signed_by(key, parsed)
    return Believed(checkpoint, signers)


def believed_by_policy(note: bytes, policy: Policy) -> Believed:
    """Return the checkpoint of a note that a policy accepts. Raises NotVerified."""
    found = accepted(note, policy, ED25519)
    checkpoint, logs = (
        found.opened.checkpoint,
        [key for key in policy.logs if key.name == found.opened.checkpoint.origin],
    )
    by = {each.key for each in signed.verified(found.opened.note, logs, ED25519)}
    return Believed(checkpoint, tuple(key for key in logs if key in by), found.seen)
