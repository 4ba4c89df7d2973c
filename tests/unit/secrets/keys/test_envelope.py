"""Sealing and opening: what was sealed opens, at its place and with its key alone. What is final: `test_golden`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.redact import Plaintext
from services.secrets.keys.envelope import OpenError, Place, TenantKey, seal, unseal

KEY = TenantKey(1, bytes(range(32)))
PLACE = Place(tenant="acme", app_id="0a1b2c", name="STRIPE_API_KEY", version=7)


@given(st.text(max_size=200), st.text(max_size=20), st.integers(0, 2**63 - 1))
def test_what_was_sealed_opens(plaintext: str, name: str, version: int) -> None:
    place = Place(tenant="acme", app_id="a", name=name, version=version)
    assert unseal(KEY, place, seal(KEY, place, Plaintext(plaintext))).reveal() == plaintext


def test_the_largest_value() -> None:
    value = "x" * 65536
    assert unseal(KEY, PLACE, seal(KEY, PLACE, Plaintext(value))).reveal() == value


def test_no_two_seals_are_alike() -> None:
    assert len({seal(KEY, PLACE, Plaintext("same"))[:33] for _ in range(500)}) == 500


@pytest.mark.parametrize(
    "place",
    [
        Place(tenant="acme2", app_id="0a1b2c", name="STRIPE_API_KEY", version=7),
        Place(tenant="acme", app_id="0a1b2d", name="STRIPE_API_KEY", version=7),
        Place(tenant="acme", app_id="0a1b2c", name="STRIPE_API_KEY2", version=7),
        Place(tenant="acme", app_id="0a1b2c", name="stripe_api_key", version=7),
        Place(tenant="acme", app_id="0a1b2c", name="STRIPE_API_KEY", version=8),
        Place(tenant="acme", app_id="0a1b2c", name="STRIPE_API_KEY", version=-7),
        # The same text with its parts cut elsewhere.
        Place(tenant="acme0", app_id="a1b2c", name="STRIPE_API_KEY", version=7),
        Place(tenant="acm", app_id="e0a1b2c", name="STRIPE_API_KEY", version=7),
        Place(tenant="acme", app_id="0a1b2cS", name="TRIPE_API_KEY", version=7),
    ],
    ids=str,
)
def test_moved_elsewhere_it_does_not_open(place: Place) -> None:
    with pytest.raises(OpenError):
        unseal(KEY, place, seal(KEY, PLACE, Plaintext("x")))


@pytest.mark.parametrize("key", [TenantKey(2, KEY.key), TenantKey(11, KEY.key), TenantKey(1, bytes(32))], ids=repr)
def test_with_another_key_or_generation_it_does_not_open(key: TenantKey) -> None:
    with pytest.raises(OpenError):
        unseal(key, PLACE, seal(KEY, PLACE, Plaintext("x")))


def test_neither_key_nor_failure_shows_anything() -> None:
    assert KEY.key.hex() not in repr(KEY)
    assert repr(KEY.key) not in repr(KEY)
    with pytest.raises(OpenError) as caught:
        unseal(KEY, PLACE, b"\x01" * 80)
    assert caught.value.__cause__ is None
    assert PLACE.name not in str(caught.value)
