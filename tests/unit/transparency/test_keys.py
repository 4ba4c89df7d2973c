"""Keys of notes as text, and the two verifiers of Ed25519 that are passed in: they say the same of every signature."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

import paas_cli.log.ed25519
import paaskit.ed25519
from tests.fixtures.written_log import a_key, a_signer
from transparency.encoding import base64_of
from transparency.failures import Malformed
from transparency.notes.keys import Ed25519, Kind, VerifierKey, parsed_key

VERIFIERS: list[Ed25519] = [paaskit.ed25519.Ed25519(), paas_cli.log.ed25519.Ed25519()]
ORDER = 2**252 + 27742317777372353535851937790883648493
# RFC 8032, section 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
            "655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
            "b00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
            "c027beceea1ec40a"
        ),
    ),
]
EACH = pytest.mark.parametrize("ed25519", VERIFIERS, ids=["services", "command line"])


@EACH
@pytest.mark.parametrize("vector", VECTORS)
def test_known_signatures(ed25519: Ed25519, vector: tuple[str, str, str]) -> None:
    key, message, signature = map(bytes.fromhex, vector)
    assert ed25519.verify(key, message, signature)
    assert not ed25519.verify(key, message + b"x", signature)


@EACH
def test_no_changed_bit_is_verified(ed25519: Ed25519) -> None:
    key, message, signature = map(bytes.fromhex, VECTORS[1])
    for at in range(0, 512, 13):
        changed = bytearray(signature)
        changed[at // 8] ^= 1 << at % 8
        assert not ed25519.verify(key, message, bytes(changed))
    for at in range(0, 256, 5):
        other = bytearray(key)
        other[at // 8] ^= 1 << at % 8
        assert not ed25519.verify(bytes(other), message, signature)


@EACH
def test_a_signature_has_one_spelling(ed25519: Ed25519) -> None:
    """The scalar is below the group's order (RFC 8032, section 5.1.7)."""
    key, message, signature = map(bytes.fromhex, VECTORS[1])
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert not ed25519.verify(key, message, signature[:32] + scalar.to_bytes(32, "little"))


@EACH
@pytest.mark.parametrize(
    ("key", "signature"), [(b"", b""), (b"x" * 31, b"x" * 64), (b"x" * 33, b"x" * 64), (b"x" * 32, b"x" * 63)]
)
def test_what_is_no_key_or_signature_verifies_nothing(ed25519: Ed25519, key: bytes, signature: bytes) -> None:
    assert not ed25519.verify(key, b"", signature)


@EACH
@pytest.mark.parametrize("number", [2**255 - 19, 2**255 - 18, 2**255 - 1, 2**256 - 1, 2, 1 | 1 << 255])
def test_bytes_that_are_no_point_are_no_key(ed25519: Ed25519, number: int) -> None:
    """Above the prime, not on the curve, or a sign without an x (RFC 8032, section 5.1.3)."""
    assert not ed25519.verify(number.to_bytes(32, "little"), b"message", bytes.fromhex(VECTORS[0][2]))


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 63), st.integers(1, 255))
def test_both_say_the_same(seed: bytes, message: bytes, at: int, flip: int) -> None:
    signer = paaskit.ed25519.Ed25519Signer(Ed25519PrivateKey.from_private_bytes(seed))
    signature = signer.sign(message)
    wrong = bytearray(signature)
    wrong[at] ^= flip
    for ed25519 in VERIFIERS:
        assert ed25519.verify(signer.public_key, message, signature)
        assert not ed25519.verify(signer.public_key, message, bytes(wrong))


@pytest.mark.parametrize("kind", list(Kind))
def test_a_key_is_read_back(kind: Kind) -> None:
    key = a_key("log.example/grüße", kind)
    assert parsed_key(key.text) == key
    assert key.text.startswith(f"log.example/grüße+{key.key_id.hex()}+")


def test_a_key_of_another_kind_has_another_id() -> None:
    assert a_key("same", Kind.ED25519).key_id != a_key("same", Kind.COSIGNATURE).key_id


def _text(*, name: str = "a", kind: int = 1, key: bytes = a_signer("a").public_key, key_id: str = "") -> str:
    known = VerifierKey("a", Kind.ED25519, a_signer("a").public_key)
    return f"{name}+{key_id or known.key_id.hex()}+{base64_of(bytes([kind]) + key)}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "name\\+id\\+key"),
        ("a", "name\\+id\\+key"),
        ("a+12345678", "name\\+id\\+key"),
        (_text(key_id="0123456"), "eight hexadecimal"),
        (_text(key_id="0123456789"), "eight hexadecimal"),
        (_text(key_id=a_key("a").key_id.hex().upper()), "eight hexadecimal"),
        (_text(key_id="00000000"), "not that of its name"),
        (_text(name="b"), "not that of its name"),
        (_text(name=""), "the name of a key"),
        (_text(name="a b"), "the name of a key"),
        (_text(name="a\n"), "the name of a key"),
        (_text(name="a\ud800"), "the name of a key"),
        (_text(kind=2), "of a kind that is not known"),
        (_text(kind=6), "of a kind that is not known"),
        (_text(kind=4), "not that of its name"),
        (_text(key=b""), "32 bytes"),
        (_text(key=b"x" * 31), "32 bytes"),
        (_text(key=b"x" * 33), "32 bytes"),
        (_text() + "=", "base64"),
        (_text() + "\n", "base64"),
        (_text()[:-1], "base64"),
        ("a+00000000+", "of a kind"),
    ],
)
def test_what_is_no_key_is_refused_and_not_repeated(text: str, reason: str) -> None:
    with pytest.raises(Malformed, match=reason) as refused:
        parsed_key(text)
    assert not text or len(text) < 20 or text not in str(refused.value)
