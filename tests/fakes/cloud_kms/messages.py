"""The messages of google.cloud.kms.v1 as plain protobuf, and their checksum: all that the fake has of Google's."""

from typing import Any, Final

import google_crc32c
from google.cloud import kms_v1

SERVICE: Final = "google.cloud.kms.v1.KeyManagementService"

CryptoKey: Final[Any] = kms_v1.CryptoKey.pb()
CryptoKeyVersion: Final[Any] = kms_v1.CryptoKeyVersion.pb()
DecryptResponse: Final[Any] = kms_v1.DecryptResponse.pb()
EncryptResponse: Final[Any] = kms_v1.EncryptResponse.pb()
ListCryptoKeyVersionsResponse: Final[Any] = kms_v1.ListCryptoKeyVersionsResponse.pb()

METHODS: Final[dict[str, tuple[Any, Any]]] = {
    "CreateCryptoKey": (kms_v1.CreateCryptoKeyRequest.pb(), CryptoKey),
    "GetCryptoKey": (kms_v1.GetCryptoKeyRequest.pb(), CryptoKey),
    "CreateCryptoKeyVersion": (kms_v1.CreateCryptoKeyVersionRequest.pb(), CryptoKeyVersion),
    "GetCryptoKeyVersion": (kms_v1.GetCryptoKeyVersionRequest.pb(), CryptoKeyVersion),
    "ListCryptoKeyVersions": (kms_v1.ListCryptoKeyVersionsRequest.pb(), ListCryptoKeyVersionsResponse),
    "UpdateCryptoKeyPrimaryVersion": (kms_v1.UpdateCryptoKeyPrimaryVersionRequest.pb(), CryptoKey),
    "DestroyCryptoKeyVersion": (kms_v1.DestroyCryptoKeyVersionRequest.pb(), CryptoKeyVersion),
    "Encrypt": (kms_v1.EncryptRequest.pb(), EncryptResponse),
    "Decrypt": (kms_v1.DecryptRequest.pb(), DecryptResponse),
}
"""What each method is asked with and answers."""


def crc32c(data: bytes) -> int:
    """The checksum that requests and answers carry."""
    return int(google_crc32c.value(data))
