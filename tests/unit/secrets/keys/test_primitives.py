"""Known answers of the two primitives that everything sealed stands on, from those who defined them.

HKDF-SHA256: RFC 5869, appendix A. AES-256-GCM: the GCM specification that NIST adopted (McGrew and Viega, test cases 13
to 16), and NIST's own GCMVS vectors (gcmEncryptExtIV256).
"""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.secrets.keys.derivation import derive

_A_2 = (
    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
    "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
)
RFC_5869 = {
    "A.1": (
        "0b" * 22,
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    "A.2": (
        "".join(f"{number:02x}" for number in range(0x50)),
        "".join(f"{number:02x}" for number in range(0x60, 0xB0)),
        "".join(f"{number:02x}" for number in range(0xB0, 0x100)),
        _A_2,
    ),
    "A.3": (
        "0b" * 22,
        "",
        "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
}

_K = "feffe9928665731c6d6a8f9467308308" * 2
_P = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
_C = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
)
_IV = "cafebabefacedbaddecaf888"

# Key, nonce, plaintext, additional data, ciphertext, tag.
AES_256_GCM = {
    "case 13": ("00" * 32, "00" * 12, "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    "case 14": (
        "00" * 32,
        "00" * 12,
        "00" * 16,
        "",
        "cea7403d4d606b6e074ec5d3baf39d18",
        "d0d1c8a799996bf0265b98b5d48ab919",
    ),
    "case 15": (_K, _IV, _P, "", _C, "b094dac5d93471bdec1a502270e3cc6c"),
    "case 16": (
        _K,
        _IV,
        _P[:-8],
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        _C[:-8],
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
    "GCMVS, nothing": (
        "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
        "516c33929df5a3284ff463d7",
        "",
        "",
        "",
        "bdc1ac884d332457a1d2664f168c76f0",
    ),
    "GCMVS, 128 bits": (
        "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
        "0d18e06c7c725ac9e362e1ce",
        "2db5168e932556f8089a0622981d017d",
        "",
        "fa4362189661d163fcd6a56d8bf0405a",
        "d636ac1bbedd5cc3ee727dc2ab4a9489",
    ),
    "GCMVS, 128 bits and as much beside": (
        "92e11dcdaa866f5ce790fd24501f92509aacf4cb8b1339d50c9c1240935dd08b",
        "ac93a1a6145299bde902f21a",
        "2d71bcfa914e4ac045b2aa60955fad24",
        "1e0889016f67601c8ebea4943bc23ad6",
        "8995ae2e6df3dbf96fac7b7137bae67f",
        "eca5aa77d51d4a0a14d9c51e1da474ab",
    ),
}


@pytest.mark.parametrize("case", RFC_5869)
def test_hkdf_sha256(case: str) -> None:
    key, salt, info, expected = map(bytes.fromhex, RFC_5869[case])
    assert derive(key, salt=salt, info=info, length=len(expected)) == expected


def test_without_a_salt_it_is_hkdf_with_zeros() -> None:
    key, salt, info, expected = map(bytes.fromhex, RFC_5869["A.3"])
    assert salt == b""
    assert derive(key, info=info, length=len(expected)) == derive(key, salt=bytes(32), info=info, length=len(expected))


@pytest.mark.parametrize("case", AES_256_GCM)
def test_aes_256_gcm(case: str) -> None:
    key, nonce, plaintext, additional, ciphertext, tag = map(bytes.fromhex, AES_256_GCM[case])
    cipher = AESGCM(key)
    assert cipher.encrypt(nonce, plaintext, additional) == ciphertext + tag
    assert cipher.decrypt(nonce, ciphertext + tag, additional) == plaintext
    with pytest.raises(InvalidTag):
        cipher.decrypt(nonce, ciphertext + bytes([tag[0] ^ 1]) + tag[1:], additional)
