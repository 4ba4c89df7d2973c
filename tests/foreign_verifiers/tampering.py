"""What somebody does to a log who can write to where it is served, or has another key, or makes a history of their own.

Every change is random, and every one makes a difference: what was served before is never served again by chance.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Final

from tests.fixtures.written_log import WrittenLog, a_key, a_signer, an_entry
from transparency.notes import signed
from transparency.notes.checkpoints import Checkpoint, parsed
from transparency.notes.keys import Kind, VerifierKey
from transparency.tiles.bundles import decoded, encoded
from transparency.tiles.growth import bundle_at, bundles_written, tiles_written
from transparency.tiles.paths import CHECKPOINT, WIDTH

SIZES: Final = [2, 3, 255, 256, 257, 700]
LARGE: Final = 65_536 + 257
"""Four levels of files, which takes a while to read: one in a hundred."""


@dataclass(frozen=True)
class Tampered:
    """A log as it is served afterwards. `index` is the first entry that does not fit, None where that can't be said."""

    kind: str
    served: Mapping[str, bytes]
    changes: Mapping[str, bytes | None] = field(default_factory=dict)
    remembered: bytes | None = None
    index: int | None = None

    def find(self, path: str) -> bytes | None:
        """What is served at a path."""
        return self.changes[path] if path in self.changes else self.served.get(path)


@dataclass(frozen=True)
class Original:
    """A log that had two checkpoints, of which readers may remember either or none."""

    log: WrittenLog
    half: bytes
    now: bytes

    @property
    def paths(self) -> list[str]:
        """The files that the log of its present size consists of."""
        size = self.log.size
        tiles = [tile.path for tile in tiles_written(0, size)]
        return [CHECKPOINT, *tiles, *(bundle.path for bundle in bundles_written(0, size))]

    def a_memory(self, random: Random) -> bytes | None:
        """What somebody may remember of it."""
        return random.choice([None, self.half, self.now])


@cache
def original(size: int, fork: int | None = None) -> Original:
    """A log of so many entries, one of which is another one where it is a fork."""
    log = WrittenLog()
    entries = [b'{"another":true}' if at == fork else an_entry(at) for at in range(size)]
    half = log.grow(entries[: size // 2]).encoded()
    return Original(log, half, log.grow(entries[size // 2 :]).encoded())


def tampered(kind: str, random: Random) -> Tampered:
    """Return a log that was tampered with in one of KINDS."""
    size = LARGE if random.random() < 0.01 else random.choice(SIZES)
    return KINDS[kind](original(size), random)


def _of_bundle(kind: str, change: Callable[[list[bytes], int, Random], int]) -> Callable[[Original, Random], Tampered]:
    """`change` changes the entries of a bundle at a place, and returns the place of the first that does not fit."""

    def changed(whole: Original, random: Random) -> Tampered:
        bundle = bundle_at(random.randrange(-(-whole.log.size // WIDTH)), whole.log.size)
        entries = decoded(whole.log.files[bundle.path])
        first = change(entries, random.randrange(len(entries)), random)
        changes = {bundle.path: encoded(entries)}
        return Tampered(kind, whole.log.files, changes, whole.a_memory(random), bundle.first_entry + first)

    return changed


def _edit(entries: list[bytes], at: int, random: Random) -> int:
    byte = random.randrange(len(entries[at]))
    other = (entries[at][byte] + random.randrange(1, 256)) % 256
    entries[at] = entries[at][:byte] + bytes([other]) + entries[at][byte + 1 :]
    return at


def _delete(entries: list[bytes], at: int, _: Random) -> int:
    del entries[at]
    return len(entries)  # what is missing is the last one: the bundle is short


def _insert(entries: list[bytes], at: int, random: Random) -> int:
    entries.insert(at, random.randbytes(random.randrange(100)))
    return len(entries) - 1


def _swap(entries: list[bytes], at: int, random: Random) -> int:
    if len(entries) == 1:
        return _edit(entries, at, random)
    other = random.choice([each for each in range(len(entries)) if each != at])
    entries[at], entries[other] = entries[other], entries[at]
    return min(at, other)


def _flip(whole: Original, random: Random) -> Tampered:
    path = random.choice(whole.paths)
    content = bytearray(whole.log.files[path])
    content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return Tampered("bit flip", whole.log.files, {path: bytes(content)}, whole.a_memory(random))


def _cut(whole: Original, random: Random) -> Tampered:
    path = random.choice(whole.paths)
    content = whole.log.files[path]
    changes = {path: content[: random.randrange(len(content))]}
    return Tampered("truncation", whole.log.files, changes, whole.a_memory(random))


def _remove(whole: Original, random: Random) -> Tampered:
    path = random.choice(whole.paths)
    changes = dict.fromkeys([path, path.partition(".p/")[0]])
    return Tampered("file removed", whole.log.files, changes, whole.a_memory(random))


def _exchange(whole: Original, random: Random) -> Tampered:
    one, other = random.sample(whole.paths, 2)
    files = whole.log.files
    if files[one] == files[other]:
        return _flip(whole, random)
    return Tampered("files exchanged", files, {one: files[other], other: files[one]}, whole.a_memory(random))


def _old_snapshot(whole: Original, _: Random) -> Tampered:
    return Tampered("old snapshot", whole.log.files, {CHECKPOINT: whole.half}, whole.now)


def _fork(whole: Original, random: Random) -> Tampered:
    """Signed by the log's own key: only who remembers a checkpoint can tell."""
    remembered = random.choice([whole.half, whole.now])
    seen = parsed(signed.parsed(remembered).text).size
    fork = original(whole.log.size, random.randrange(seen) if whole.log.size != LARGE else 5)
    return Tampered("forked copy", fork.log.files, {CHECKPOINT: fork.now}, remembered)


def _rewritten(whole: Original, random: Random) -> Tampered:
    """Every file is of another history but for the checkpoint."""
    fork = original(whole.log.size, random.randrange(whole.log.size) if whole.log.size != LARGE else 5)
    return Tampered("rewritten history", fork.log.files, {CHECKPOINT: whole.now}, whole.a_memory(random))


def _resigned(whole: Original, random: Random) -> Tampered:
    """The history is rewritten, and its checkpoint signed by a key of the same name, alone or beside the right one."""
    fork = original(whole.log.size, random.randrange(whole.log.size) if whole.log.size != LARGE else 5)
    signer = a_signer(f"stranger {random.randrange(10)}")
    key = VerifierKey(whole.log.key.name, Kind.ED25519, signer.public_key)
    note = signed.signed(fork.log.checkpoint().text, key, signer)
    if random.random() < 0.5:
        note = note.with_signatures(signed.parsed(whole.now).signatures)
    return Tampered("re-signed", fork.log.files, {CHECKPOINT: note.encoded()}, whole.a_memory(random))


def _restated(whole: Original, random: Random) -> Tampered:
    """A checkpoint that says something else under the signature it had."""
    right = whole.log.checkpoint()
    wrong = random.choice(
        [
            Checkpoint(right.origin, right.size + random.randrange(1, 1000), right.root),
            Checkpoint(right.origin, random.randrange(right.size), right.root),
            Checkpoint(right.origin, right.size, random.randbytes(32)),
            Checkpoint(a_key("log.example/other").name, right.size, right.root),
            Checkpoint(right.origin, right.size, right.root, ("one more line",)),
        ]
    )
    note = signed.SignedNote(wrong.text, signed.parsed(whole.now).signatures)
    return Tampered("restated", whole.log.files, {CHECKPOINT: note.encoded()}, whole.a_memory(random))


KINDS: Final[Mapping[str, Callable[[Original, Random], Tampered]]] = {
    "entry edited": _of_bundle("entry edited", _edit),
    "entry deleted": _of_bundle("entry deleted", _delete),
    "entry inserted": _of_bundle("entry inserted", _insert),
    "entries swapped": _of_bundle("entries swapped", _swap),
    "bit flip": _flip,
    "truncation": _cut,
    "file removed": _remove,
    "files exchanged": _exchange,
    "old snapshot": _old_snapshot,
    "forked copy": _fork,
    "rewritten history": _rewritten,
    "re-signed": _resigned,
    "restated": _restated,
}
