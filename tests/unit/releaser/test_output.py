"""What a failing program wrote, without values."""

import base64
import json
import urllib.parse

import pytest

from paaskit.redact import MASK, Plaintext
from services.releaser.domain import AppKey, Spec
from services.releaser.runtimes.output import masked
from services.releaser.runtimes.protocol import DesiredRelease

SECRET = 'p@ss "word"/ü\\n'


def of(**variables: str) -> DesiredRelease:
    return DesiredRelease(
        key=AppKey(tenant="acme", app_id="a" * 32),
        app="web",
        release=1,
        spec=Spec(),
        variables={name: Plaintext(value) for name, value in variables.items()},
    )


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET),
        repr(SECRET),
        urllib.parse.quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_value_is_masked_in_each_form(form: str) -> None:
    output = masked(f"failed with {form} given", of(A=SECRET))
    assert SECRET not in output
    assert form.strip("\"'=") not in output
    assert MASK in output


def test_a_value_of_several_lines_is_masked_line_by_line() -> None:
    output = masked("x-----one----- and\ntwo two two", of(KEY="-----one-----\ntwo two two\n"))
    assert output == f"x{MASK} and\n{MASK}"


def test_the_longer_of_two_values_is_masked_whole() -> None:
    assert masked("secret-and-more", of(A="secret", B="secret-and-more")) == MASK


def test_what_is_no_value_stays_and_lines_are_bounded() -> None:
    assert masked("KeyError: 'A'", of(A="hunter2", B="", C="1")) == "KeyError: 'A'"
    assert len(masked("x" * 9_000, of())) == 400
