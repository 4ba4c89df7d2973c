"""Checkpoints and cosignatures: their texts, whose they are, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.ed25519 import Ed25519
from tests.fixtures.written_log import ORIGIN, a_key, a_signer
from transparency.encoding import LARGEST
from transparency.failures import Malformed, NotVerified
from transparency.merkle.hashing import EMPTY_ROOT, leaf_hash
from transparency.notes import checkpoints, cosignatures, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.notes.keys import Kind

ROOT = leaf_hash(b"an entry")
# From the example of c2sp.org/tlog-checkpoint.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
WITNESS = a_key("witness.example/w1", Kind.COSIGNATURE)
LOG = a_key()


def a_note(size: int = 7, root: bytes = ROOT) -> signed.SignedNote:
    return checkpoints.signed_checkpoint(size=size, root=root, key=LOG, signer=a_signer(ORIGIN))


def test_the_example_of_the_specification() -> None:
    found = checkpoints.parsed(EXAMPLE)
    assert (found.origin, found.size, found.extensions) == ("example.com/behind-the-sofa", 20852163, ())
    assert found.text == EXAMPLE


def test_what_we_sign_is_three_lines() -> None:
    note = a_note()
    assert note.text.split("\n")[:2] == [ORIGIN, "7"]
    assert note.text.count("\n") == 3
    assert checkpoints.opened(note.encoded(), LOG, Ed25519()).checkpoint == Checkpoint(ORIGIN, 7, ROOT)


@given(
    st.integers(1, LARGEST),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(st.characters(codec="utf-8", min_codepoint=32), min_size=1), max_size=3),
)
def test_a_text_is_read_back(size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root, tuple(extensions))
    assert checkpoints.parsed(checkpoint.text) == checkpoint


def test_extensions_of_others_are_tolerated() -> None:
    text = EXAMPLE + "more\nand more\n"
    assert checkpoints.parsed(text).extensions == ("more", "and more")
    assert checkpoints.parsed(text).text == text


_ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a\n1\n",
        f"a\n1\n{_ROOT}",
        f"\n1\n{_ROOT}\n",
        f"a\n\n{_ROOT}\n",
        "a\n1\n\n",
        f"a\n1\n{_ROOT}\n\n",
        f"a\n1\n{_ROOT}\n\nmore\n",
        *(
            f"a\n{size}\n{_ROOT}\n"
            for size in ("01", "-1", "+1", "1 ", " 1", "1e3", "0x1", "\u0661", "1_000", "1.0", "a")
        ),
        *(f"a\n{size}\n{_ROOT}\n" for size in (2**63, 2**64, 10**30, "00")),
        f"a\n1\n{_ROOT[:-2]}J=\n",  # bits that stand for nothing
        f"a\n1\n{_ROOT[:-1]}\n",
        f"a\n1\n{_ROOT} \n",
        f"a\n1\n {_ROOT}\n",
        f"a\n1\n{_ROOT}=\n",
        f"a\n1\n{_ROOT.replace('/', '_')}\n",
        "a\n1\nAAAA\n",
        f"a\n1\nAAAA{_ROOT}\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        checkpoints.parsed(text)


@pytest.mark.parametrize(("size", "root"), [(-1, ROOT), (LARGEST + 1, ROOT), (0, ROOT), (1, b""), (1, ROOT + b"x")])
def test_what_is_no_tree_is_not_signed(size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match="no checkpoint of that size and root"):
        a_note(size, root)


def test_an_empty_log_has_the_empty_root() -> None:
    assert checkpoints.opened(a_note(0, EMPTY_ROOT).encoded(), LOG, Ed25519()).checkpoint.size == 0
    forged = signed.signed(Checkpoint(ORIGIN, 0, ROOT).text, LOG, a_signer(ORIGIN))
    with pytest.raises(NotVerified, match="another root than the empty one"):
        checkpoints.opened(forged.encoded(), LOG, Ed25519())


def test_a_key_signs_for_its_own_log_alone() -> None:
    other = a_key("log.example/other")
    forged = signed.signed(Checkpoint(ORIGIN, 7, ROOT).text, other, a_signer(other.name))
    with pytest.raises(NotVerified, match="not signed by its own log's key"):
        checkpoints.opened(forged.encoded(), other, Ed25519())


def test_a_witness_is_no_log() -> None:
    cosignature = signed.cosigned(Checkpoint(WITNESS.name, 7, ROOT).text, WITNESS, a_signer(WITNESS.name), time=9)
    note = signed.SignedNote(Checkpoint(WITNESS.name, 7, ROOT).text, (cosignature,))
    with pytest.raises(NotVerified, match="not signed by its own log's key"):
        checkpoints.opened(note.encoded(), WITNESS, Ed25519())


def test_a_witness_signs_a_time() -> None:
    note = a_note()
    cosignature = signed.cosigned(note.text, WITNESS, a_signer(WITNESS.name), time=1679315147)
    message = f"cosignature/v1\ntime 1679315147\n{note.text}".encode()
    assert cosignature.content == (1679315147).to_bytes(8) + a_signer(WITNESS.name).sign(message)
    found = signed.verified(note.with_signatures([cosignature]), [WITNESS, LOG], Ed25519())
    assert {each.key: each.time for each in found} == {LOG: 0, WITNESS: 1679315147}


def test_the_newest_of_a_witnesss_times_is_said() -> None:
    note = a_note()
    times = [signed.cosigned(note.text, WITNESS, a_signer(WITNESS.name), time=time) for time in (5, 9, 7)]
    assert [each.time for each in signed.verified(note.with_signatures(times), [WITNESS], Ed25519())] == [9]


@pytest.mark.parametrize("at", range(72))
def test_no_changed_byte_of_a_cosignature_is_verified(at: int) -> None:
    note = a_note()
    content = bytearray(signed.cosigned(note.text, WITNESS, a_signer(WITNESS.name), time=9).content)
    content[at] ^= 128
    changed = signed.Signature(WITNESS.name, WITNESS.key_id, bytes(content))
    with pytest.raises(NotVerified):
        signed.verified(note.with_signatures([changed]), [LOG, WITNESS], Ed25519())


def test_a_witnesss_plain_signature_is_no_cosignature() -> None:
    note = a_note()
    plain = a_signer(WITNESS.name).sign(note.text.encode())
    for content in (plain, bytes(8) + plain):
        changed = signed.Signature(WITNESS.name, WITNESS.key_id, content)
        with pytest.raises(NotVerified):
            signed.verified(note.with_signatures([changed]), [WITNESS], Ed25519())


@pytest.mark.parametrize(("time", "signature"), [(0, bytes(64)), (-1, bytes(64)), (2**63, bytes(64)), (1, bytes(63))])
def test_a_cosignature_has_a_time_and_a_signature(time: int, signature: bytes) -> None:
    with pytest.raises(ValueError, match="a cosignature has"):
        cosignatures.timestamped(time, signature)


@pytest.mark.parametrize("content", [b"", bytes(71), bytes(73), b"\x80" + bytes(71), b"\xff" * 72])
def test_what_is_no_cosignature_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        cosignatures.split_timestamped(content)
