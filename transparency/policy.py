"""Which logs and witnesses are trusted, and how many witnesses it takes (c2sp.org/tlog-policy)."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from transparency.failures import Malformed, NotVerified
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import OpenedCheckpoint
from transparency.notes.keys import Ed25519, Kind, VerifierKey, parsed_key

NONE: Final = "none"
LARGEST_POLICY: Final = 1_000_000
"""Bytes. There is no other limit: the specification asks for 32 logs, witnesses and groups at least."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BLANKS: Final = re.compile(r"[ \t]+")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Group:
    """Witnesses, or groups of them, `least` of which have to agree."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """A policy. `quorum` names a witness, a group, or is `none`."""

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def is_satisfied_by(self, cosigners: Collection[VerifierKey]) -> bool:
        """Whether these witnesses are enough."""
        agreed = {NONE} | {name for name, key in self.witnesses.items() if key in cosigners}
        for name, group in self.groups.items():  # members stand before their group
            if sum(member in agreed for member in group.members) >= group.least:
                agreed.add(name)
        return self.quorum in agreed


@dataclass(frozen=True)
class Accepted:
    """A checkpoint that a policy accepts, and when which witnesses saw it, in seconds since 1970, by their names."""

    opened: OpenedCheckpoint
    seen: Mapping[str, int]


def accepted(content: bytes, policy: Policy, ed25519: Ed25519) -> Accepted:
    """Return a checkpoint that one of the policy's logs signed and enough witnesses cosigned. Raises NotVerified."""
    note = signed.parsed(content)
    origin = checkpoints.parsed(note.text).origin
    keys = [key for key in policy.logs if key.name == origin]
    by = {each.key: each.time for each in signed.verified(note, [*keys, *policy.witnesses.values()], ed25519)}
    log_key = next((key for key in keys if key in by), None)
    if log_key is None:
        raise NotVerified("a checkpoint is not signed by a log that the policy knows")
    if not policy.is_satisfied_by(by):
        raise NotVerified("a checkpoint is not cosigned by as many witnesses as the policy asks for")
    seen = {name: by[key] for name, key in policy.witnesses.items() if key in by}
    return Accepted(checkpoints.signed_by(log_key, note), seen)


def parsed(content: bytes) -> Policy:
    """Return a policy. Raises Malformed, which names the line.

    Names are octets and mean what they are: text that is not UTF-8 is kept as it is. A last line without its newline
    is read, since people write policies by hand.
    """
    if len(content) > LARGEST_POLICY:
        raise Malformed(f"a policy has more than {LARGEST_POLICY} bytes")
    reading = _Reading()
    for number, line in enumerate(content.decode(errors="surrogateescape").split("\n"), start=1):
        try:
            reading.take(line)
        except Malformed as error:
            raise Malformed(f"line {number} of the policy: {error}") from None
    return reading.policy()


class _Reading:
    """What has been read of a policy so far."""

    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._witnesses: dict[str, VerifierKey] = {}
        self._groups: dict[str, Group] = {}
        self._members: set[str] = set()
        self._quorum: str | None = None

    def take(self, line: str) -> None:
        """Read a line. Raises Malformed."""
        if _FORBIDDEN.search(line):
            raise Malformed("it has control characters")
        match _BLANKS.split(line.strip(" \t")):
            case [first, *_] if not first or first.startswith("#"):
                pass
            case ["log", key, *url] if len(url) <= 1:
                self._logs.append(_new_key(key, Kind.ED25519, self._logs))
            case ["witness", name, key, *url] if len(url) <= 1:
                self._refuse_taken(name)
                self._witnesses[name] = _new_key(key, Kind.COSIGNATURE, self._witnesses.values())
            case ["group", name, least, *members] if members:
                self._refuse_taken(name)
                self._groups[name] = self._group(least, members)
            case ["quorum", name]:
                self._set_quorum(name)
            case _:
                raise Malformed("it is no log, witness, group or quorum with what belongs to it")

    def policy(self) -> Policy:
        """Return what was read. Raises Malformed without a quorum."""
        if self._quorum is None:
            raise Malformed("a policy has no quorum line; `quorum none` asks for no witness")
        return Policy(tuple(self._logs), self._witnesses, self._groups, self._quorum)

    def _group(self, least: str, members: list[str]) -> Group:
        for member in members:
            self._refuse_unknown(member)
            if member in self._members:
                raise Malformed("a member is in a group already, and would count twice")
            self._members.add(member)
        count = {"any": 1, "all": len(members)}.get(least) or (int(least) if _COUNT.fullmatch(least) else 0)
        if not 1 <= count <= len(members):
            raise Malformed("a group needs any, all, or a number of its members from 1 on")
        return Group(count, tuple(members))

    def _set_quorum(self, name: str) -> None:
        if self._quorum is not None:
            raise Malformed("a policy has one quorum")
        if name != NONE:
            self._refuse_unknown(name)
        self._quorum = name

    def _refuse_taken(self, name: str) -> None:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise Malformed("its name is taken")

    def _refuse_unknown(self, name: str) -> None:
        if name not in self._witnesses and name not in self._groups:
            raise Malformed("it names a witness or group that no line before it defines")


def _new_key(text: str, kind: Kind, others: Collection[VerifierKey]) -> VerifierKey:
    key = parsed_key(text)
    if key.kind is not kind:
        raise Malformed("its key is of the wrong kind: logs have Ed25519 (1), witnesses its cosignatures (4)")
    if key.public_key in {other.public_key for other in others}:
        raise Malformed("its public key is listed already")
    return key
