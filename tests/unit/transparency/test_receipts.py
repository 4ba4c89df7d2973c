"""Receipts: written, read back, verified offline, and not believed in any changed form."""

from dataclasses import replace

import pytest

from paaskit.ed25519 import Ed25519
from tests.fixtures.written_log import WrittenLog, a_key, a_signer, an_entry
from transparency import receipts
from transparency.failures import Malformed, NotVerified
from transparency.merkle.proofs import inclusion_proof
from transparency.notes import signed
from transparency.notes.keys import Kind
from transparency.policy import Policy
from transparency.receipts import Receipt

WITNESS = a_key("witness.example/w1", Kind.COSIGNATURE)


@pytest.fixture(scope="module")
def log() -> WrittenLog:
    """A log with a witness's cosignature in its checkpoint."""
    log = WrittenLog()
    note = log.grow([an_entry(at) for at in range(300)])
    cosignature = signed.cosigned(note.text, WITNESS, a_signer(WITNESS.name), time=1_800_000_000)
    log.files["checkpoint"] = note.with_signatures([cosignature]).encoded()
    return log


def receipt_of(log: WrittenLog, index: int = 260, extra: bytes = b"") -> Receipt:
    proof = inclusion_proof(index, log.size, log.trusted_reader().hashes)
    return Receipt(index, tuple(proof), log.files["checkpoint"], extra)


@pytest.mark.parametrize("extra", [b"", b"more\n\n"])
@pytest.mark.parametrize("index", [0, 260, 299])
def test_a_receipt_is_read_back_and_verified(log: WrittenLog, index: int, extra: bytes) -> None:
    receipt = receipt_of(log, index, extra)
    content = receipt.encoded()
    assert content.startswith(b"c2sp.org/tlog-proof@v1\n" + (b"extra " if extra else b"index "))
    assert receipts.parsed(content) == receipt
    policy = Policy((log.key,), {"w": WITNESS}, quorum="w")
    found = receipts.verified(receipt, an_entry(index), policy, Ed25519())
    assert found.opened.checkpoint == log.checkpoint()
    assert found.seen == {"w": 1_800_000_000}
    assert receipts.verified(receipt, an_entry(index), Policy((log.key,)), Ed25519()).seen == {}


def test_a_log_of_one_entry_has_a_receipt_without_hashes() -> None:
    log = WrittenLog()
    log.grow([b""])
    receipt = receipts.parsed(receipt_of(log, 0).encoded())
    assert receipt.proof == ()
    assert receipts.verified(receipt, b"", Policy((log.key,)), Ed25519()).opened.checkpoint.size == 1


def test_a_receipt_of_one_entry_is_of_that_entry() -> None:
    log = WrittenLog()
    log.grow([b"the entry"])
    with pytest.raises(NotVerified, match="not at the receipt's index"):
        receipts.verified(receipt_of(log, 0), b"another", Policy((log.key,)), Ed25519())


def test_no_changed_byte_of_a_receipt_is_believed(log: WrittenLog) -> None:
    content = receipt_of(log).encoded()
    policy = Policy((log.key,), {"w": WITNESS}, quorum="w")
    for at in range(len(content)):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        with pytest.raises(NotVerified):
            receipts.verified(receipts.parsed(changed), an_entry(260), policy, Ed25519())
        with pytest.raises(NotVerified):
            receipts.verified(receipts.parsed(content[:at]), an_entry(260), policy, Ed25519())


def test_another_entry_index_or_log_is_not_believed(log: WrittenLog) -> None:
    receipt, policy = receipt_of(log), Policy((log.key,))
    for entry in (an_entry(261), b"", an_entry(260) + b" "):
        with pytest.raises(NotVerified, match="not at the receipt's index"):
            receipts.verified(receipt, entry, policy, Ed25519())
    for index in (0, 259, 261, 300, 2**63 - 2):
        with pytest.raises(NotVerified, match="not at the receipt's index"):
            receipts.verified(replace(receipt, index=index), an_entry(260), policy, Ed25519())
    with pytest.raises(NotVerified, match="no signature of a key that is known"):
        receipts.verified(receipt, an_entry(260), Policy((a_key("other"),)), Ed25519())
    other = a_key("witness.example/other", Kind.COSIGNATURE)
    with pytest.raises(NotVerified, match="as many witnesses"):
        receipts.verified(receipt, an_entry(260), Policy((log.key,), {"w": other}, quorum="w"), Ed25519())


_HASH = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
_HEAD = "c2sp.org/tlog-proof@v1\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        _HEAD,
        f"{_HEAD}\n",
        f"{_HEAD}index 0\n",
        f"{_HEAD}index 0",
        "c2sp.org/tlog-proof@v2\nindex 0\n\n",
        f" {_HEAD}index 0\n\n",
        f"{_HEAD}index 00\n\n",
        f"{_HEAD}index -1\n\n",
        f"{_HEAD}index {2**63 - 1}\n\n",
        f"{_HEAD}index  0\n\n",
        f"{_HEAD}Index 0\n\n",
        f"{_HEAD}index 0\nextra AAAA\n\n",
        f"{_HEAD}extra\nindex 0\n\n",
        f"{_HEAD}extra \nindex 0\n\n",
        f"{_HEAD}extra AAA\nindex 0\n\n",
        f"{_HEAD}extra AAAA\nextra AAAA\nindex 0\n\n",
        f"{_HEAD}extra AAAA\n\n",
        f"{_HEAD}index 0\n{_HASH[:-1]}\n\n",
        f"{_HEAD}index 0\nAAAA\n\n",
        f"{_HEAD}index 0\n{_HASH} \n\n",
        f"{_HEAD}index 0\r\n\n",
        f"{_HEAD}index 0\n" + f"{_HASH}\n" * 64 + "\n",
        f"{_HEAD}index 0\nä\n\n",
        f"{_HEAD}index 0\n\n" + " " * 2_000_000,
    ],
)
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        receipts.parsed(text.encode())
