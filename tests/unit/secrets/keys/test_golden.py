"""What was stored once opens for ever: golden files, and everything that is not exactly them.

The files in `golden/` are only ever added to. A change that needs one to be made anew would leave stored secrets, or
all secrets of a tenant, unreadable. Each is checked by a second computation as well, with HMAC for all that is ours.
"""

import base64
import hashlib
import hmac
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paaskit.redact import Plaintext
from services.secrets.keys.envelope import OpenError, Place, TenantKey, seal, unseal
from services.secrets.keys.kms.local import LocalKeyManagement
from services.secrets.keys.kms.protocol import KeyName
from services.secrets.keys.wrapping import check_value, key_context
from tests.unit.secrets.keys.test_kms_choice import key_file

GOLDEN = Path(__file__).with_name("golden")
CONSTANT = "the sealed value does not open at this place"


def entries(files: str) -> list[Any]:
    """Every entry of the golden files of one kind."""
    found = [entry for file in sorted(GOLDEN.glob(files)) for entry in json.loads(file.read_text(encoding="utf-8"))]
    assert found
    return found


SEALED = entries("sealed-*.json")


def place_of(entry: Any) -> Place:
    return Place(tenant=entry["tenant"], app_id=entry["app_id"], name=entry["name"], version=entry["version"])


def key_of(entry: Any) -> TenantKey:
    return TenantKey(entry["generation"], bytes.fromhex(entry["key"]))


def hkdf(key: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, by hand."""
    secret, block, made = hmac.new(salt or bytes(32), key, hashlib.sha256).digest(), b"", b""
    for number in itertools.count(1):
        if len(made) >= length:
            return made[:length]
        block = hmac.new(secret, block + info + bytes([number]), hashlib.sha256).digest()
        made += block
    raise AssertionError


def second_opinion(entry: Any) -> bytes:
    """The sealed format computed anew; only AES-GCM is the library's."""
    texts = [entry["tenant"], entry["app_id"], entry["name"], str(entry["version"]), str(entry["generation"])]
    aad = b"".join(len(part).to_bytes(4, "big") + part for part in [b"\x01", *(text.encode() for text in texts)])
    salt = bytes.fromhex(entry["salt"])
    derived = hkdf(bytes.fromhex(entry["key"]), salt=salt, info=aad, length=44)
    return b"\x01" + salt + AESGCM(derived[:32]).encrypt(derived[32:], entry["plaintext"].encode(), aad)


@pytest.mark.parametrize("entry", SEALED, ids=range(len(SEALED)))
def test_every_golden_value_opens_and_is_sealed_so(entry: Any) -> None:
    sealed = bytes.fromhex(entry["sealed"])
    assert unseal(key_of(entry), place_of(entry), sealed).reveal() == entry["plaintext"]
    salt = bytes.fromhex(entry["salt"])
    assert seal(key_of(entry), place_of(entry), Plaintext(entry["plaintext"]), salt=salt) == sealed
    assert second_opinion(entry) == sealed


@pytest.mark.parametrize("entry", entries("wrapped-local-*.json"), ids=lambda each: f"{each['kind']} {each['tenant']}")
async def test_every_golden_key_unwraps_with_the_local_provider(entry: Any, tmp_path: Path) -> None:
    kms = LocalKeyManagement(key_file(tmp_path, base64.b64encode(bytes.fromhex(entry["file"]))))
    name, context = KeyName(entry["kind"], entry["tenant"]), bytes.fromhex(entry["context"])
    wrapped = bytes.fromhex(entry["wrapped"])
    assert (await kms.unwrap(name, wrapped, context=context)).hex() == entry["key"]
    info = b"paas local kms v1" + (b"\0" + name.tenant.encode() if name.kind == "tenant" else b" database-check")
    derived = hkdf(bytes.fromhex(entry["file"]), salt=b"", info=info, length=32)
    assert AESGCM(derived).decrypt(wrapped[:12], wrapped[12:], context).hex() == entry["key"]


@pytest.mark.parametrize(
    "entry", entries("check-values-*.json"), ids=lambda each: f"{each['tenant']} {each['generation']}"
)
def test_every_golden_key_has_its_check_value(entry: Any) -> None:
    key, context = bytes.fromhex(entry["key"]), bytes.fromhex(entry["context"])
    assert key_context(entry["tenant"], entry["generation"]) == context
    assert check_value(key, context).hex() == entry["check_value"]
    assert hkdf(key, salt=b"", info=b"paas tenant key check v1\0" + context, length=32).hex() == entry["check_value"]


def refusals(entry: Any, changed: list[bytes]) -> set[tuple[type[Exception], str]]:
    """How an entry's place and key refuse what was made of its sealed value. Fails where one opens."""
    found: set[tuple[type[Exception], str]] = set()
    for each in changed:
        with pytest.raises(OpenError) as caught:
            unseal(key_of(entry), place_of(entry), each)
        assert (caught.value.__cause__, caught.value.__suppress_context__ or caught.value.__context__ is None) == (
            None,
            True,
        )
        found.add((caught.type, str(caught.value)))
    return found


@pytest.mark.parametrize("entry", SEALED, ids=range(len(SEALED)))
def test_every_bit_that_is_flipped_is_refused_in_the_same_words(entry: Any) -> None:
    sealed = bytes.fromhex(entry["sealed"])
    number = int.from_bytes(sealed, "big")
    changed = [(number ^ 1 << bit).to_bytes(len(sealed), "big") for bit in range(len(sealed) * 8)]
    assert len(set(changed)) == len(sealed) * 8
    assert refusals(entry, changed) == {(OpenError, CONSTANT)}


@pytest.mark.parametrize("entry", SEALED, ids=range(len(SEALED)))
def test_every_truncation_from_either_end_is_refused_in_the_same_words(entry: Any) -> None:
    sealed = bytes.fromhex(entry["sealed"])
    longer = [sealed + b"\0", b"\0" + sealed, b"\x01" + sealed, sealed * 2]
    cut = [part for end in range(1, len(sealed) + 1) for part in (sealed[:-end], sealed[end:])]
    assert refusals(entry, cut + longer) == {(OpenError, CONSTANT)}


def test_every_row_that_is_swapped_with_another_is_refused_in_the_same_words() -> None:
    """Each golden value at each other's place, with either's key: as it would be after an UPDATE by hand."""
    tried, said = 0, set()
    for mine, other in itertools.permutations(SEALED, 2):
        moved = {**mine, "key": other["key"], "generation": other["generation"]}
        for at in (mine, moved):
            if (place_of(at), key_of(at)) == (place_of(other), key_of(other)):
                continue  # the same name and version with another value, which no two rows have
            said |= refusals(at, [bytes.fromhex(other["sealed"])])
            tried += 1
    assert tried > len(SEALED) * (len(SEALED) - 1)
    assert said == {(OpenError, CONSTANT)}
