"""A witness's answers, by the statuses of c2sp.org/tlog-witness, and two requests at once."""

from dataclasses import dataclass, field

import pytest

from paaskit.ed25519 import Ed25519
from tests.fixtures.written_log import ORIGIN, WrittenLog, a_key, a_signer, an_entry
from transparency.encoding import base64_of
from transparency.merkle.hashing import EMPTY_ROOT, leaf_hash
from transparency.merkle.proofs import consistency_proof
from transparency.notes import signed
from transparency.notes.checkpoints import Checkpoint, signed_checkpoint
from transparency.notes.keys import Kind
from transparency.witness import LARGEST_REQUEST, Kept, Witness, add_checkpoint

KEY = a_key("witness.example/w1", Kind.COSIGNATURE)
LOG = WrittenLog()
LOG.grow([an_entry(at) for at in range(300)])
FORK = WrittenLog()
FORK.grow([an_entry(at) for at in range(99)] + [b"another"] + [an_entry(at) for at in range(100, 300)])
WITNESS = Witness(
    key=KEY, signer=a_signer(KEY.name), logs={ORIGIN: [a_key()]}, ed25519=Ed25519(), now=lambda: 1_800_000_000
)


@dataclass
class Memory:
    """A record in memory. `meanwhile` is done before the next thing is kept, as by another process."""

    kept: dict[str, Kept] = field(default_factory=dict)
    meanwhile: list[bytes] = field(default_factory=list)

    def latest(self, origin: str) -> Kept | None:
        return self.kept.get(origin)

    def replace(self, origin: str, *, before: Kept | None, after: Kept) -> bool:
        while self.meanwhile:
            assert add_checkpoint(self.meanwhile.pop(), WITNESS, self).status == 200
        if self.kept.get(origin) != before:
            return False
        self.kept[origin] = after
        return True


def a_note(size: int, log: WrittenLog = LOG) -> signed.SignedNote:
    return signed_checkpoint(size=size, root=log.root(size), key=log.key, signer=a_signer(log.key.name))


def a_proof(old_size: int, size: int, log: WrittenLog = LOG) -> list[bytes]:
    return consistency_proof(old_size, size, log.trusted_reader().hashes)


def a_request(old_size: int, size: int, *, log: WrittenLog = LOG, proof: list[bytes] | None = None) -> bytes:
    hashes = a_proof(old_size, size, log) if proof is None else proof
    head = "".join(f"{line}\n" for line in (f"old {old_size}", *map(base64_of, hashes), ""))
    return head.encode() + a_note(size, log).encoded()


def having_seen(size: int) -> Memory:
    memory = Memory()
    assert add_checkpoint(a_request(0, size), WITNESS, memory).status == 200
    return memory


@pytest.mark.parametrize(("old_size", "size"), [(0, 0), (0, 1), (0, 300), (100, 300), (256, 257), (300, 300)])
def test_what_goes_on_is_cosigned_and_kept(old_size: int, size: int) -> None:
    memory = having_seen(old_size) if old_size else Memory()
    answer = add_checkpoint(a_request(old_size, size), WITNESS, memory)
    assert answer.status == 200
    text = a_note(size).text
    cosignature = signed.parsed_signature(answer.body.decode().removesuffix("\n"))
    note = signed.SignedNote(text, (cosignature,))
    assert [(each.key, each.time) for each in signed.verified(note, [KEY], Ed25519())] == [(KEY, 1_800_000_000)]
    kept = memory.kept[ORIGIN]
    assert (kept.size, kept.root) == (size, LOG.root(size))
    assert {each.key for each in signed.verified(signed.parsed(kept.note), [KEY, a_key()], Ed25519())} == {KEY, a_key()}


def test_signatures_of_strangers_are_not_kept() -> None:
    memory = Memory()
    stranger = signed.Signature("stranger", b"abcd", b"whatever")
    body = b"old 0\n\n" + a_note(300).with_signatures([stranger]).encoded()
    assert add_checkpoint(body, WITNESS, memory).status == 200
    assert b"stranger" not in memory.kept[ORIGIN].note


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b""),
        (400, b"old 0\n"),
        (400, b"old 0\n\n"),
        (400, b"old 00\n\n" + a_note(300).encoded()),
        (400, b"old -1\n\n" + a_note(300).encoded()),
        (400, b"OLD 0\n\n" + a_note(300).encoded()),
        (400, b"old 0\nAAAA\n\n" + a_note(300).encoded()),
        (400, b"old 0\n\xff\n\n" + a_note(300).encoded()),
        (400, b"old 0\n" + a_note(300).encoded()),
        (400, b"old 0\n\n" + a_note(300).text.encode()),
        (400, b"old 0\n\n" + signed.signed("no checkpoint\n", a_key(), a_signer(ORIGIN)).encoded()),
        (400, a_request(0, 300, proof=[EMPTY_ROOT] * 64)),
        (400, b"old 0\n\n" + bytes(LARGEST_REQUEST)),
        (400, a_request(301, 300, proof=[])),
        (404, a_request(0, 0, log=WrittenLog(origin="log.example/unknown"))),
        (403, b"old 0\n\n" + signed.SignedNote(a_note(300).text, a_note(299).signatures).encoded()),
        (403, b"old 0\n\n" + signed.signed(a_note(300).text, a_key("x"), a_signer("x")).encoded()),
        (409, a_request(0, 300)),
        (409, a_request(99, 300)),
        (409, a_request(101, 300)),
        (409, a_request(0, 50)),
        (422, a_request(100, 300, proof=[])),
        (422, a_request(100, 300, proof=a_proof(100, 299))),
        (422, a_request(100, 300, proof=[*a_proof(100, 300), EMPTY_ROOT])),
        (422, a_request(100, 300, log=FORK)),
        (422, a_request(100, 300, proof=a_proof(100, 300, FORK))),
        (422, a_request(100, 100, log=FORK)),
        (422, a_request(100, 100, proof=[EMPTY_ROOT])),
    ],
)
def test_what_is_refused_changes_nothing(status: int, body: bytes) -> None:
    memory = having_seen(100)
    before = dict(memory.kept)
    answer = add_checkpoint(body, WITNESS, memory)
    assert answer.status == status
    assert memory.kept == before
    if status == 409:
        assert (answer.body, answer.content_type) == (b"100\n", "text/x.tlog.size")


@pytest.mark.parametrize(
    ("size", "root", "proof"),
    [(0, leaf_hash(b""), []), (0, EMPTY_ROOT, [EMPTY_ROOT]), (1, leaf_hash(b""), [EMPTY_ROOT])],
)
def test_the_first_checkpoint_has_no_proof_and_an_empty_one_the_empty_root(
    size: int, root: bytes, proof: list[bytes]
) -> None:
    note = signed.signed(Checkpoint(ORIGIN, size, root).text, a_key(), a_signer(ORIGIN))
    head = "".join(f"{line}\n" for line in ("old 0", *map(base64_of, proof), ""))
    memory = Memory()
    assert add_checkpoint(head.encode() + note.encoded(), WITNESS, memory).status == 422
    assert memory.kept == {}


def test_a_bad_signature_beside_a_good_one_is_forbidden() -> None:
    note = a_note(300)
    bad = signed.Signature(ORIGIN, a_key().key_id, bytes(64))
    body = b"old 0\n\n" + note.with_signatures([bad]).encoded()
    assert add_checkpoint(body, WITNESS, Memory()).status == 403


def test_who_is_overtaken_is_told_so_and_rolls_nothing_back() -> None:
    """The race that tlog-witness describes: both were checked against 100, and the larger one was kept first."""
    memory = having_seen(100)
    memory.meanwhile.append(a_request(100, 300))
    answer = add_checkpoint(a_request(100, 200), WITNESS, memory)
    assert (answer.status, answer.body) == (409, b"300\n")
    assert memory.kept[ORIGIN].size == 300
