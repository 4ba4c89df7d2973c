"""What a report says and is answered. Leaves out whose it is (test_signatures.py) and what ends (test_reports.py)."""

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.errors import InvalidInput
from services.tokens.leaks import matches
from services.tokens.leaks.matches import LONGEST_TYPE, MOST_MATCHES, Match

_ENTRY = {"token": "some_token", "type": "some_type", "url": "https://example.com/c4n4ry", "source": "commit"}


def test_a_report_as_the_documentation_has_it() -> None:
    """Spaces, order and what is not known yet are as GitHub likes."""
    body = b'[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]'
    assert matches.read(body) == [Match("some_token", "some_type")]
    assert matches.read(b' [ {"type": "t", "token": "\\u00e9", "new": {"deep": [1]}} ]\n') == [Match("é", "t")]
    assert matches.read(b"[]") == []


def test_what_is_found_in_two_places_is_one_match() -> None:
    body = json.dumps([_ENTRY, {**_ENTRY, "url": ""}, {**_ENTRY, "type": "another"}]).encode()
    assert matches.read(body) == [Match("some_token", "some_type"), Match("some_token", "another")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"c4n4ry",
        b'"c4n4ry"',
        b"[c4n4ry",
        b'["c4n4ry"]',
        b"[null]",
        b'[{"token": "c4n4ry"}]',
        b'[{"type": "c4n4ry"}]',
        b'[{"token": 1, "type": "c4n4ry"}]',
        b'[{"token": ["c4n4ry"], "type": "t"}]',
        b'[{"token": "c4n4ry", "type": {}}]',
        b'[{"token": "c4n4ry", "token": "other", "type": "t"}]',
        b'[{"token": "\\ud800", "type": "c4n4ry"}]',
        b'[{"token": "c4n4ry", "type": "\xff"}]',
        '[{"token": "c4n4ry", "type": "t"}]'.encode("utf-16"),
        json.dumps([{**_ENTRY, "type": "t" * (LONGEST_TYPE + 1)}]).encode(),
        json.dumps([_ENTRY] * (MOST_MATCHES + 1)).encode(),
        b"[" * 100_000,
        b'[{"token": "c4n4ry", "type": "t", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        b'[{"token": "c4n4ry", "type": "t", "long": ' + b"9" * 100_000 + b"}]",
    ],
)
def test_what_is_no_report_is_refused_in_words_of_ours(body: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"^A report is a JSON array of at most 4000 matches") as refused:
        matches.read(body)
    assert "c4n4ry" not in repr(refused.value.__cause__) + str(refused.value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["token", "type", "url"]) | st.text(), inner),
)


@given(st.binary() | _JSON.map(lambda each: json.dumps(each).encode()))
def test_whatever_comes_is_a_report_or_is_refused(body: bytes) -> None:
    try:
        found = matches.read(body)
    except InvalidInput:
        return
    assert len(json.loads(matches.answer(found, ours=set()))) == len(found)


def test_as_much_as_a_request_holds_is_read() -> None:
    body = json.dumps([{**_ENTRY, "token": f"t{number}"} for number in range(MOST_MATCHES)]).encode()
    assert len(matches.read(body)) == MOST_MATCHES
    assert len(body) < 768 * 1024


def test_the_answer_says_of_each_what_it_is_and_has_no_token() -> None:
    found = [Match("ours", "a"), Match("other", "b"), Match("é", "c")]
    answer = matches.answer(found, ours={"ours"})
    told = [(each["token_hash"], each["token_type"], each["label"]) for each in json.loads(answer)]
    assert told == [
        (_hash("ours"), "a", "true_positive"),
        (_hash("other"), "b", "false_positive"),
        (_hash("é"), "c", "false_positive"),
    ]
    assert b"ours" not in answer
    assert matches.answer([], ours=set()) == b"[]"


def test_a_match_shows_no_token() -> None:
    assert "secret" not in repr(Match("secret", "kind"))


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
