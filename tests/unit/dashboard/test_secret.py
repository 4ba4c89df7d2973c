"""What a form asks of one secret.

Leaves out the page (tests/e2e) and what secrets allows, which judges again.
"""

import pytest
from starlette.datastructures import FormData

from dashboard.calls.refusals import Refusal
from dashboard.secrets.asked import ENDS, FORMATS, rotation
from paas_cli.typed.ends import End, Terms

CANARY = "c4nary-of-a-value"


def form(**fields: str) -> FormData:
    """A form as the page sends it, with some fields changed."""
    return FormData({"request_id": "r", "source": "random", "length": "32", "format": "hex", "overlap": "1h", **fields})


def test_a_random_value() -> None:
    asked = rotation(form())
    assert (asked.length, asked.format, asked.value, asked.overlap_seconds, asked.stage) == (
        32,
        "hex",
        None,
        3600,
        False,
    )
    assert rotation(form(do="stage", overlap="0")).stage
    assert rotation(form(overlap="0")).overlap_seconds == 0


def test_the_end_of_a_value_is_one_of_those_to_choose_from() -> None:
    assert not rotation(form()).terms, "as the value before has it"
    assert rotation(form(expires="never")).terms == Terms(End())
    spans = [rotation(form(expires=length, source="given", value="v")).terms.end for length, _ in ENDS[2:]]
    assert spans == [End(span=days * 86_400) for days in (30, 90, 180, 365)]


def test_a_given_value_is_kept_as_it_is_and_shown_nowhere() -> None:
    asked = rotation(form(source="given", value=f"{CANARY}\r\nsecond line\r\n"))
    assert asked.value == f"{CANARY}\nsecond line\n"
    assert CANARY not in repr(asked)


@pytest.mark.parametrize(
    "bad",
    [
        {"length": "15"},
        {"length": "1025"},
        {"length": ""},
        {"length": "-32"},
        {"length": "²"},
        {"format": "rot13"},
        {"overlap": "soon"},
        {"expires": "soon"},
        {"expires": "91d"},
        {"source": "given", "value": ""},
        {"source": "given", "value": f"{CANARY}\0"},
        {"source": "given", "value": CANARY * 5000},
    ],
)
def test_what_is_wrong_is_refused_without_the_value(bad: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        rotation(form(**bad))
    assert CANARY not in str(refused.value)
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize("length", ["16", "1024"])
def test_the_bounds_are_within(length: str) -> None:
    assert rotation(form(length=length)).length == int(length)


def test_formats_are_those_of_the_contract() -> None:
    from paas.secrets.v1.secrets_pb2 import RandomFormat

    assert {f"RANDOM_FORMAT_{name.upper()}" for name, _ in FORMATS} == set(RandomFormat.keys()[1:])
