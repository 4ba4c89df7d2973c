"""The format of a token: what passes, and that nothing near it does.

The checks here are before any look-up; what a look-up then finds is in test_authentication.py.
"""

import hashlib
import random
import re
import string
import zlib

from hypothesis import given
from hypothesis import strategies as st

from services.tokens import pat

BASE62 = string.digits + string.ascii_letters


def test_known_token() -> None:
    """A vector written down by hand: the format is final, tokens are in people's secret stores."""
    body = "paas_pat_" + "0123456789ABCDEFGHIJabcdefghij"
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(6):
        digits.append((string.digits + string.ascii_uppercase + string.ascii_lowercase)[number % 62])
        number //= 62
    token = body + "".join(reversed(digits))
    assert token == "paas_pat_0123456789ABCDEFGHIJabcdefghij1dOwbj"
    assert pat.digest_of(token) == hashlib.sha256(token.encode()).digest()


def test_made_tokens_pass_and_differ() -> None:
    tokens = [pat.generate() for _ in range(200)]
    assert len(set(tokens)) == 200
    for token in tokens:
        assert re.fullmatch(r"paas_pat_[0-9A-Za-z]{36}", token)
        assert pat.digest_of(token) == pat.digest(token)
    # Every character is used at every place often enough that a stuck source would show.
    assert all(len({token[place] for token in tokens}) > 30 for place in range(9, 39))


def test_checksum_has_six_digits_however_small_it_is() -> None:
    assert pat.checksum("") == "000000"
    assert all(len(pat.checksum(str(number))) == 6 for number in range(1000))


def test_one_changed_character_never_passes() -> None:
    """All positions, all printable characters: CRC-32 finds every change of up to 32 bits in a row."""
    token = pat.generate()
    for place, right in enumerate(token):
        for wrong in string.printable:
            if wrong != right:
                assert pat.digest_of(token[:place] + wrong + token[place + 1 :]) is None


@given(st.text(max_size=60))
def test_no_text_passes_by_chance(text: str) -> None:
    assert pat.digest_of(text) is None
    assert pat.digest_of(pat.PREFIX + text) is None


@given(st.data())
def test_other_mutations_never_pass(data: st.DataObject) -> None:
    token = pat.generate()
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.integers(0, len(token) - 1))
    extra = data.draw(st.text(alphabet=BASE62, min_size=1, max_size=8))
    swapped = list(token)
    swapped[place], swapped[other] = swapped[other], swapped[place]
    mutations = [
        token[:place],
        token[:place] + token[place + 1 :],
        token[:place] + extra + token[place:],
        token + extra,
        extra + token,
        "".join(swapped),
        token.lower() if token.lower() != token else token + "x",
        f"{token}\n",
        f" {token}",
        f"{token}\0",
    ]
    for mutated in mutations:
        if mutated != token:
            assert pat.digest_of(mutated) is None


def test_a_right_checksum_makes_no_token_of_another_form() -> None:
    """Whoever reads this code can compute one for any text: of another length, or with other characters."""
    right = "0" * 30
    assert pat.digest_of(_with_checksum(right)) is not None
    for wrong in (
        *("0" * length for length in range(80) if length != 30),
        *(f"{'0' * 29}{each}" for each in "/-_ \n\0"),
    ):
        assert pat.digest_of(_with_checksum(wrong)) is None
    for end in ("\u00e9", "\uff21", "\ud800"):
        assert pat.digest_of(_with_checksum(right) + end) is None


def _with_checksum(random_part: str) -> str:
    body = pat.PREFIX + random_part
    return body + pat.checksum(body)


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_without_an_error(raw: bytes) -> None:
    assert pat.digest_of(raw.decode("latin-1")) is None
    assert pat.digest_of(raw.decode("utf-8", "surrogateescape")) is None


def test_random_digits_pass_about_never() -> None:
    """What the CRC is for: of 20,000 well-formed look-alikes none reaches the database (expected: 0.0000004)."""
    source = random.Random(1)
    forged = ("paas_pat_" + "".join(source.choices(BASE62, k=36)) for _ in range(20_000))
    assert not any(pat.digest_of(text) for text in forged)
