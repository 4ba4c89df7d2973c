"""Masking a stream: the same whatever pieces it comes in, no value left, nothing kept back for nothing.

Leaves out the processes around it (test_masked_run).
"""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from paas_cli.commands.running.masks import Masker

MASK = "•" * 16
# Few letters, so that values begin in each other, and texts have many of them.
TEXTS = st.text(alphabet="ab\n", max_size=60)
VALUES = st.lists(st.text(alphabet="ab\n", min_size=4, max_size=9), max_size=4)


def masked(values: list[str], *pieces: str) -> str:
    masker = Masker(values)
    return (b"".join([*(masker.feed(piece.encode()) for piece in pieces), masker.end()])).decode()


def test_values_are_replaced_and_the_rest_stays() -> None:
    assert masked(["hunter2!"], "password hunter2!, again hunter2!.\n") == f"password {MASK}, again {MASK}.\n"
    assert masked(["päss"], "xpässx") == f"x{MASK}x"
    assert masked([], "all of it") == "all of it"


def test_short_values_are_left() -> None:
    assert masked(["abc", ""], "abcabc") == "abcabc"
    assert masked(["abcd"], "abcabcd") == f"abc{MASK}"


def test_the_longest_wins_and_what_overlaps_is_one() -> None:
    assert masked(["secret", "secret-longer"], "secret-longer secret-long") == f"{MASK} {MASK}-long"
    assert masked(["abcdXY", "XYefgh"], "-abcdXYefgh-") == f"-{MASK}-"


def test_lines_of_a_value_are_masked_by_themselves() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nk=\n-----END KEY-----\n"
    assert masked([key], "> MIIEvQIBADANBg\n") == f"> {MASK}\n"
    assert masked([key], "k=\n") == "k=\n"
    assert masked([key], key) == MASK
    assert masked(["token-of-mine\n"], "token-of-mine.") == f"{MASK}."


def test_what_can_be_no_value_any_more_goes_on_at_once() -> None:
    masker = Masker(["hunter2!"])
    assert masker.feed(b"Name: ") == b"Name: "
    assert masker.feed(b"hunt") == b""
    assert masker.feed(b"ing") == b"hunting"
    assert masker.feed(b"a hunter2!") == f"a {MASK}".encode()
    assert masker.feed(b"h") == b""
    assert masker.end() == b"h"


@given(VALUES, TEXTS, st.lists(st.integers(0, 60), max_size=6))
@example(["aaaa", "aaab"], "aaaab", [1, 2, 3, 4])
@example(["aaaa\n"], "aaaa", [])
def test_pieces_make_no_difference(values: list[str], text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(places)]
    whole = masked(values, text)
    assert masked(values, *pieces) == whole
    assert not any(value in whole for value in values)
    assert whole.replace(MASK, "") == whole.replace("•", "")
    hidden = [
        form for value in values for form in (value, value.strip()) if len(form) >= 4 and "\n" not in form.strip()
    ]
    assert (whole == text) == (not any(form in text for form in [*values, *hidden]))


def test_a_short_value_that_ends_a_line_is_found_within_one() -> None:
    masker = Masker(["abc123\n"])
    assert masker.feed(b"password=abc123 next\n") + masker.end() == f"password={MASK} next\n".encode()
