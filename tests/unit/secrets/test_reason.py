"""Which reasons for a reveal are refused: too long, saying nothing, or telling a value.

That it is refused before anything is given or kept is in test_reveal.py; what a line may hold, the gate checks.
"""

import base64
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.errors import InvalidInput
from paaskit.redact import Plaintext
from services.secrets.rules.reason import LONGEST, refuse_telling, violations_of_reason

_LONG = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize("reason", ["", "Ticket 4711", "x" * LONGEST, "é" * LONGEST, "<script>alert(1)</script>"])
def test_a_line_is_fine(reason: str) -> None:
    assert violations_of_reason(reason) == []


@pytest.mark.parametrize("reason", ["x" * (LONGEST + 1), "é" * (LONGEST + 1), " ", "\u3000 "])
def test_a_reason_that_is_too_long_or_says_nothing_is_named(reason: str) -> None:
    (violation,) = violations_of_reason(reason)
    assert violation.field == "reason"
    assert not reason.strip() or reason not in violation.description


@pytest.mark.parametrize(
    ("reason", "value"),
    [
        (_LONG, _LONG),
        (f"it is {_LONG}, I think", _LONG),
        (f"it is {_LONG}", f"  {_LONG}\n"),
        (_LONG[5:30], _LONG),
        (f"begins with {_LONG[:16]}", _LONG),
        ("MIIBOgIBAAJBAKj34GkxFhD9", "-----BEGIN KEY-----\nMIIBOgIBAAJBAKj34GkxFhD9\n-----END KEY-----\n"),
        ("was hunter2 all along", "hunter2"),
        ("xhunter2x", "hunter2"),
        ("it is 007.", "007"),
        ("a or b", "b"),
    ],
)
def test_a_reason_that_tells_a_value_is_refused_without_repeating_it(reason: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        refuse_telling(reason, [Plaintext("another"), Plaintext(value)])
    assert refused.value.reason == "REASON_HAS_VALUE"
    assert [violation.field for violation in refused.value.fields] == ["reason"]
    told = refused.value.message + "".join(each.description for each in refused.value.fields)
    assert reason not in told
    assert len(value) < 4 or value not in told


@pytest.mark.parametrize(
    ("reason", "value"),
    [
        ("Ticket 4711", _LONG),
        (f"begins with {_LONG[:15]}", _LONG),
        ("the database is down", "b"),
        ("ticket 10071", "007"),
        ("why not", ""),
        ("why not", " \n"),
        ("", _LONG),
    ],
)
def test_others_are_not(reason: str, value: str) -> None:
    refuse_telling(reason, [Plaintext(value)])


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_random_value_is_found_wherever_it_stands(before: str, after: str) -> None:
    value = secrets.token_urlsafe(32)
    with pytest.raises(InvalidInput):
        refuse_telling(f"{before}{value}{after}", [Plaintext(value)])
    refuse_telling(before + after, [Plaintext(value)])
