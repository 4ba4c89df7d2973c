"""The sealed format is final: fixed vectors, checked by a second computation, and everything that must not open.

The vectors were made once. A change that needs other ones would leave stored secrets unreadable.
"""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from paaskit.redact import Plaintext
from services.secrets.keys.envelope import OpenError, Place, TenantKey, seal, unseal

KEY = TenantKey(1, bytes(range(32)))
SALT = bytes(range(100, 132))
PLACE = Place(tenant="acme", app_id="0a1b2c", name="STRIPE_API_KEY", version=7)

VECTORS = {
    ("sk_live_xyzzy", PLACE, KEY): (
        "016465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182830d426cc77f9a94f0b8dced3b7f57a0"
        "e99b8fb1cb29bad515a05a476dfc"
    ),
    ("", PLACE, KEY): (
        "016465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838403813d6dc9fb47a271234b80016929"
    ),
    ("Grüße\n😀", Place(tenant="globex", app_id="ff", name="A", version=12345), TenantKey(3, b"\xee" * 32)): (
        "016465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838612a89a8708a707eadbb0accaff47"
        "9e7a22773044c79476aa595a65"
    ),
}


def _second_opinion(plaintext: str, place: Place, key: TenantKey) -> bytes:
    """The format computed anew: HKDF by hand (RFC 5869), only AES-GCM from the library."""
    texts = [place.tenant, place.app_id, place.name, str(place.version), str(key.generation)]
    parts = [b"\x01", *(text.encode() for text in texts)]
    aad = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    secret = hmac.new(SALT, key.key, hashlib.sha256).digest()
    first = hmac.new(secret, aad + b"\x01", hashlib.sha256).digest()
    second = hmac.new(secret, first + aad + b"\x02", hashlib.sha256).digest()
    derived = (first + second)[:44]
    return b"\x01" + SALT + AESGCM(derived[:32]).encrypt(derived[32:], plaintext.encode(), aad)


@pytest.mark.parametrize(("given_", "sealed"), VECTORS.items(), ids=range(len(VECTORS)))
def test_vectors(given_: tuple[str, Place, TenantKey], sealed: str) -> None:
    plaintext, place, key = given_
    assert seal(key, place, Plaintext(plaintext), salt=SALT).hex() == sealed
    assert _second_opinion(plaintext, place, key).hex() == sealed
    assert unseal(key, place, bytes.fromhex(sealed)).reveal() == plaintext


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


def test_every_flipped_bit_is_noticed() -> None:
    sealed = seal(KEY, PLACE, Plaintext("sk_live_xyzzy"))
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(OpenError):
            unseal(KEY, PLACE, bytes(changed))


def test_cut_or_lengthened_it_does_not_open() -> None:
    sealed = seal(KEY, PLACE, Plaintext("sk_live_xyzzy"))
    for changed in [*(sealed[:length] for length in range(len(sealed))), sealed + b"\0", b"\0" + sealed, sealed * 2]:
        with pytest.raises(OpenError):
            unseal(KEY, PLACE, changed)


def test_neither_key_nor_failure_shows_anything() -> None:
    assert KEY.key.hex() not in repr(KEY)
    assert repr(KEY.key) not in repr(KEY)
    with pytest.raises(OpenError) as caught:
        unseal(KEY, PLACE, b"\x01" * 80)
    assert caught.value.__cause__ is None
    assert PLACE.name not in str(caught.value)
