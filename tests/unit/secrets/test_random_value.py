"""Fresh values: as long and in the letters that were asked for, and never the same."""

import base64
import string

import pytest

from paaskit.errors import InvalidInput
from services.secrets.rules.random_value import RandomFormat, RandomValue, fresh_value


def test_the_default_is_32_bytes_in_base64() -> None:
    assert len(base64.b64decode(fresh_value(RandomValue()).reveal(), validate=True)) == 32


@pytest.mark.parametrize("length", [16, 17, 32, 1024])
def test_lengths(length: int) -> None:
    def text(form: RandomFormat) -> str:
        return fresh_value(RandomValue(length=length, format=form)).reveal()

    assert len(base64.b64decode(text(RandomFormat.BASE64), validate=True)) == length
    assert len(bytes.fromhex(text(RandomFormat.HEX))) == length
    assert len(text(RandomFormat.ALNUM)) == length


def test_letters_and_digits_alone_and_all_of_them() -> None:
    text = "".join(fresh_value(RandomValue(length=1024, format=RandomFormat.ALNUM)).reveal() for _ in range(5))
    assert set(text) == set(string.ascii_letters + string.digits)


@pytest.mark.parametrize("length", [-1, 0, 1, 15, 1025, 2**31 - 1])
def test_lengths_that_are_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match="16 to 1024"):
        fresh_value(RandomValue(length=length))


def test_no_two_are_alike_and_none_shows() -> None:
    values = [fresh_value(RandomValue(length=16)) for _ in range(1000)]
    assert len({value.reveal() for value in values}) == 1000
    assert values[0].reveal() not in repr(values)
