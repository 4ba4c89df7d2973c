"""The fake Cloud KMS itself: what Google documents of the calls that we use, seen through a channel."""

import grpc
import pytest

from tests.fakes.cloud_kms import KEY_RING, FakeCloudKms
from tests.fakes.cloud_kms.messages import CryptoKey, CryptoKeyVersion, crc32c

PURPOSE = CryptoKey(purpose=CryptoKey.ENCRYPT_DECRYPT)
KEY = f"{KEY_RING}/cryptoKeys/k"


@pytest.fixture
def kms(cloud: FakeCloudKms) -> FakeCloudKms:
    """With a key `k`."""
    cloud.ask("CreateCryptoKey", parent=KEY_RING, crypto_key_id="k", crypto_key=PURPOSE)
    return cloud


def refused(kms: FakeCloudKms, method: str, **fields: object) -> str:
    """The status that a call ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        kms.ask(method, **fields)
    return str(caught.value.code().name)


def test_keys_are_made_once_with_legal_ids_in_rings_that_there_are(kms: FakeCloudKms) -> None:
    def made(parent: str, crypto_key_id: str, crypto_key: object = PURPOSE) -> str:
        return refused(kms, "CreateCryptoKey", parent=parent, crypto_key_id=crypto_key_id, crypto_key=crypto_key)

    assert made(KEY_RING, "k") == "ALREADY_EXISTS"
    assert made(KEY_RING + "x", "k") == "NOT_FOUND"
    assert made(KEY_RING, "other", CryptoKey()) == "INVALID_ARGUMENT"
    for crypto_key_id in ("", "a" * 64, "a.b", "a/b", "ü"):
        assert made(KEY_RING, crypto_key_id) == "INVALID_ARGUMENT"
    assert kms.ask("GetCryptoKey", name=KEY).primary.name == f"{KEY}/cryptoKeyVersions/1"
    assert refused(kms, "GetCryptoKey", name=KEY + "x") == "NOT_FOUND"


def test_encrypting_verifies_what_comes_with_a_checksum(kms: FakeCloudKms) -> None:
    answer = kms.ask("Encrypt", name=KEY, plaintext=b"p")
    assert not answer.verified_plaintext_crc32c
    assert not answer.verified_additional_authenticated_data_crc32c
    sums = {
        "plaintext_crc32c": {"value": crc32c(b"p")},
        "additional_authenticated_data_crc32c": {"value": crc32c(b"a")},
    }
    answer = kms.ask("Encrypt", name=KEY, plaintext=b"p", additional_authenticated_data=b"a", **sums)
    assert answer.verified_plaintext_crc32c
    assert answer.verified_additional_authenticated_data_crc32c
    assert answer.ciphertext_crc32c.value == crc32c(answer.ciphertext)
    for field in sums:
        wrong = {**sums, field: {"value": 1}}
        fields = {"name": KEY, "plaintext": b"p", "additional_authenticated_data": b"a", **wrong}
        assert refused(kms, "Encrypt", **fields) == "INVALID_ARGUMENT"
    assert refused(kms, "Encrypt", name=KEY, plaintext=b"p" * 65537) == "INVALID_ARGUMENT"
    assert refused(kms, "Encrypt", name=KEY + "x", plaintext=b"p") == "NOT_FOUND"


def test_decrypting_needs_the_same_key_and_data(kms: FakeCloudKms) -> None:
    sealed = kms.ask("Encrypt", name=KEY, plaintext=b"p", additional_authenticated_data=b"a").ciphertext
    answer = kms.ask("Decrypt", name=KEY, ciphertext=sealed, additional_authenticated_data=b"a")
    assert (answer.plaintext, answer.plaintext_crc32c.value, answer.used_primary) == (b"p", crc32c(b"p"), True)
    assert refused(kms, "Decrypt", name=KEY, ciphertext=sealed) == "INVALID_ARGUMENT"
    assert refused(kms, "Decrypt", name=KEY, ciphertext=b"") == "INVALID_ARGUMENT"
    kms.ask("CreateCryptoKey", parent=KEY_RING, crypto_key_id="other", crypto_key=PURPOSE)
    other = f"{KEY_RING}/cryptoKeys/other"
    assert (
        refused(kms, "Decrypt", name=other, ciphertext=sealed, additional_authenticated_data=b"a") == "INVALID_ARGUMENT"
    )


def test_versions_live_and_are_destroyed(kms: FakeCloudKms) -> None:
    sealed = kms.ask("Encrypt", name=KEY, plaintext=b"p").ciphertext
    second = kms.ask("CreateCryptoKeyVersion", parent=KEY).name
    assert second == f"{KEY}/cryptoKeyVersions/2"
    assert kms.ask("GetCryptoKey", name=KEY).primary.name.endswith("/1"), "a new version is not the primary"
    assert kms.ask("UpdateCryptoKeyPrimaryVersion", name=KEY, crypto_key_version_id="2").primary.name == second
    assert not kms.ask("Decrypt", name=KEY, ciphertext=sealed).used_primary
    first = f"{KEY}/cryptoKeyVersions/1"
    assert kms.ask("DestroyCryptoKeyVersion", name=first).state == CryptoKeyVersion.DESTROY_SCHEDULED
    assert kms.ask("GetCryptoKeyVersion", name=first).state == CryptoKeyVersion.DESTROY_SCHEDULED
    assert refused(kms, "DestroyCryptoKeyVersion", name=first) == "FAILED_PRECONDITION"
    assert refused(kms, "Decrypt", name=KEY, ciphertext=sealed) == "FAILED_PRECONDITION"
    fields = {"name": KEY, "crypto_key_version_id": "1"}
    assert refused(kms, "UpdateCryptoKeyPrimaryVersion", **fields) == "FAILED_PRECONDITION"
    assert refused(kms, "UpdateCryptoKeyPrimaryVersion", name=KEY, crypto_key_version_id="3") == "NOT_FOUND"
