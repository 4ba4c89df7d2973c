"""Signed notes: the specification's own, round trips, whose signatures count, and hundreds that are no notes."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.ed25519 import Ed25519
from tests.fixtures.written_log import a_key, a_signer
from transparency.encoding import base64_of
from transparency.failures import Malformed, NotVerified
from transparency.notes import signed
from transparency.notes.keys import Kind, VerifierKey, parsed_key
from transparency.notes.signed import Signature, SignedNote

# From the examples of c2sp.org/signed-note.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
""".encode()
POEM = """Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore \
NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
""".encode()
ONE, OTHER, STRANGER = a_key("log.example/one"), a_key("log.example/other"), a_key("log.example/stranger")
TEXT = "a text\n\nof two parts\n"


def signature_of(key: VerifierKey, text: str = TEXT) -> Signature:
    return Signature(key.name, key.key_id, a_signer(key.name).sign(text.encode()))


def test_the_note_of_the_specification() -> None:
    key = parsed_key(VKEY)
    note = signed.parsed(NOTE)
    assert note.text == "This is an example message.\n"
    assert note.encoded() == NOTE
    assert [each.key for each in signed.verified(note, [key], Ed25519())] == [key]
    assert key.text == VKEY


def test_a_text_may_have_empty_lines() -> None:
    note = signed.parsed(POEM)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert note.encoded() == POEM


@pytest.mark.parametrize("at", range(len(NOTE)))
def test_no_changed_byte_is_verified(at: int) -> None:
    content = NOTE[:at] + bytes([NOTE[at] ^ 1]) + NOTE[at + 1 :]
    with pytest.raises(NotVerified):
        signed.verified(signed.parsed(content), [parsed_key(VKEY)], Ed25519())


@given(st.text(st.characters(codec="utf-8", min_codepoint=32) | st.just("\n"), min_size=1), st.integers(1, 20))
def test_what_is_signed_is_read_back(text: str, signatures: int) -> None:
    note = signed.signed(text + "\n", ONE, a_signer(ONE.name))
    more = [signature_of(a_key(f"witness.example/{number}")) for number in range(signatures)]
    note = note.with_signatures([*more, *more])
    assert len(note.signatures) == signatures + 1
    assert signed.parsed(note.encoded()) == note
    assert [each.key for each in signed.verified(note, [ONE, OTHER], Ed25519())] == [ONE]


def test_signatures_of_unknown_keys_count_for_nothing() -> None:
    note = SignedNote(TEXT, (signature_of(STRANGER, "another text"), signature_of(ONE)))
    assert [each.key for each in signed.verified(note, [OTHER, ONE], Ed25519())] == [ONE]
    with pytest.raises(NotVerified, match="no signature of a key that is known"):
        signed.verified(note, [OTHER], Ed25519())
    with pytest.raises(NotVerified, match="no signature of a key that is known"):
        signed.verified(note, [], Ed25519())


def test_a_key_is_known_by_its_name_and_id_together() -> None:
    same_name = VerifierKey(ONE.name, Kind.ED25519, OTHER.public_key)
    same_id = Signature(OTHER.name, ONE.key_id, b"x" * 64)
    note = SignedNote(TEXT, (same_id, Signature(ONE.name, same_name.key_id, b"x" * 64), signature_of(ONE)))
    assert [each.key for each in signed.verified(note, [ONE, OTHER], Ed25519())] == [ONE]


@pytest.mark.parametrize("good_first", [True, False])
@pytest.mark.parametrize("bad", [b"x" * 64, b"x", b"x" * 65])
def test_one_bad_signature_of_a_known_key_is_enough_to_refuse(bad: bytes, *, good_first: bool) -> None:
    signatures = [signature_of(ONE), signature_of(OTHER), Signature(ONE.name, ONE.key_id, bad)]
    note = SignedNote(TEXT, tuple(signatures if good_first else reversed(signatures)))
    with pytest.raises(NotVerified, match="a signature of a known key is not one of this note"):
        signed.verified(note, [ONE, OTHER], Ed25519())


def test_who_signs_twice_counts_once() -> None:
    note = SignedNote(TEXT, (signature_of(ONE), signature_of(ONE)))
    assert [each.key for each in signed.verified(note, [ONE, ONE], Ed25519())] == [ONE]


def test_two_keys_that_are_named_alike_are_refused() -> None:
    class Alike(VerifierKey):
        @property
        def key_id(self) -> bytes:
            return ONE.key_id

    alike = Alike(ONE.name, Kind.ED25519, OTHER.public_key)
    with pytest.raises(Malformed, match="two different keys"):
        signed.verified(SignedNote(TEXT, (signature_of(ONE),)), [ONE, alike], Ed25519())


def test_as_many_signatures_as_are_read_and_one_more() -> None:
    lines = [signature_of(a_key(str(number))) for number in range(signed.MOST_SIGNATURES + 1)]
    assert len(signed.parsed(SignedNote(TEXT, tuple(lines[1:])).encoded()).signatures) == signed.MOST_SIGNATURES >= 16
    with pytest.raises(Malformed, match="more than 100 signatures"):
        signed.parsed(SignedNote(TEXT, tuple(lines)).encoded())


def test_as_many_bytes_as_are_read_and_one_more() -> None:
    rest = len(SignedNote("\n", (signature_of(ONE),)).encoded())
    text = "a" * (signed.LARGEST_NOTE - rest) + "\n"
    note = signed.signed(text, ONE, a_signer(ONE.name))
    assert len(note.encoded()) == signed.LARGEST_NOTE
    with pytest.raises(ValueError, match="no note of this text"):
        signed.signed("a" + text, ONE, a_signer(ONE.name))


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\0\n", "a\r\n", "\ud800\n"])
def test_a_text_that_can_not_be_read_back_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="no note of this text"):
        signed.signed(text, ONE, a_signer(ONE.name))


def test_a_witnesss_key_signs_no_text() -> None:
    with pytest.raises(ValueError, match="of kind Ed25519"):
        signed.signed(TEXT, a_key("w", Kind.COSIGNATURE), a_signer("w"))
    with pytest.raises(ValueError, match="of kind cosignature"):
        signed.cosigned(TEXT, ONE, a_signer(ONE.name), time=1)


_LINE = signature_of(ONE).line
_ENCODED = base64_of(ONE.key_id + b"x" * 64)
SPACES = "\u00a0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000\u0085"
_NAMES = ["", " ", "+", "a b", "a+b", "a\tb", *(f"a{space}b" for space in SPACES)]
_NOT_BASE64 = ["", "=", "A", "AA", "AAA", "====", "*", "é", "AAAAAAA", _ENCODED[:-1], _ENCODED + "=", _ENCODED + " "]
_NOT_BASE64 += [f" {_ENCODED}", _ENCODED.replace("=", ""), "AAAA", "AAAAAA==", "AAAAAB==", "AAAAAAB="]
_NOT_BASE64 += [
    _ENCODED[:at] + odd + _ENCODED[at:] for at in range(0, 90, 10) for odd in ("\n", "-", "_", " ", "=", "ä")
]


def no_notes() -> Iterator[bytes]:
    """Hundreds of kinds of content that look like a note and are none."""
    yield from (
        b"",
        b"\n",
        b"\n\n",
        b"\n\n\n",
        b"text\n",
        b"text\n\n",
        TEXT.encode(),
        _LINE.encode(),
        b"\n" + _LINE.encode(),
    )
    for name in _NAMES:
        yield f"text\n\n— {name} {_ENCODED}\n".encode()
    for encoded in _NOT_BASE64:
        yield f"text\n\n— {ONE.name} {encoded}\n".encode()
        yield f"text\n\n{_LINE}— {ONE.name} {encoded}\n".encode()
    for mark in ("", "-", "--", "\u2013", "―", "—", " — ", "\u2014\u00a0", "* ", "— \t", "—\n"):
        yield f"text\n\n{mark}{ONE.name} {_ENCODED}\n".encode()
    for number in [*range(10), *range(11, 32)]:
        yield f"te{chr(number)}xt\n\n{_LINE}".encode()
        yield f"text\n\n{_LINE}{chr(number)}".encode()
        yield f"text\n\n— {chr(number)}{ONE.name} {_ENCODED}\n".encode()
    for odd in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\x80", b"\xfe\xff"):
        yield b"te" + odd + b"xt\n\n" + _LINE.encode()
        yield b"text\n\n" + odd + _LINE.encode()
    for rest in ("\n", "x", "x\n", "\n\n", " \n", _LINE[:-1], _LINE[:-2], "—\n", "— \n", "— x\n", f"— {_ENCODED}\n"):
        yield f"text\n\n{_LINE}{rest}".encode()
    for cut in range(len(_LINE.encode())):
        yield b"text\n\n" + _LINE.encode()[:cut]
        yield b"text\n\n" + _LINE.encode() + _LINE.encode()[:cut] if cut else b"text\n\n" + _LINE.encode()[:-1]
    for blank in ("", "\n", "\n \n", "\r\n\r\n"):
        yield f"text{blank}{_LINE}".encode()


def test_there_are_hundreds_of_kinds() -> None:
    assert len(set(no_notes())) >= 500


@pytest.mark.parametrize("content", sorted(set(no_notes())))
def test_what_is_no_note_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        signed.parsed(content)


@given(st.binary(max_size=300))
def test_whatever_is_read_is_a_note_or_refused(content: bytes) -> None:
    try:
        note = signed.parsed(content + b"\n\n" + _LINE.encode())
    except Malformed:
        return
    assert signed.parsed(note.encoded()) == note
