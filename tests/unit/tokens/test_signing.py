"""Signing identities: what others verify with the public key, and what can't be signed or loaded."""

import base64
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from local.secrets_made import signing_key
from paaskit.clock import utc_now
from paaskit.errors import Unauthenticated
from paaskit.identity import IdentityVerifier
from paaskit.settings import SettingsError
from services.tokens.check.signing import Signer, load_signer, raw_bytes
from tests.fakes.identities import identity_of


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    path = tmp_path / "signing.key"
    path.write_bytes(signing_key())
    return load_signer(path)


async def test_signed_identity_verifies_with_the_public_key(signer: Signer) -> None:
    identity = replace(identity_of(apps=frozenset({("web", "a1")})), expires_at=utc_now().replace(microsecond=0))
    identity = replace(identity, expires_at=identity.expires_at + timedelta(seconds=30), ends_at=identity.expires_at)
    signed = signer.sign(identity, now=utc_now())
    assert await IdentityVerifier(signer.public_keys, clock=utc_now).verify(signed) == identity
    assert jwt.get_unverified_header(signed) == {"alg": "EdDSA", "typ": "JWT", "kid": signer.key_id}


async def test_identity_of_another_key_or_with_a_public_key_as_secret_is_refused(signer: Signer) -> None:
    """CVE-2026-48526: HS256 with the public key as its secret, in each form a key has."""
    verifier = IdentityVerifier(signer.public_keys, clock=utc_now)
    public = (await signer.public_keys())[signer.key_id]
    claims = jwt.decode(signer.sign(identity_of(), now=utc_now()), options={"verify_signature": False})
    forged = [Signer(Ed25519PrivateKey.generate()).sign(identity_of(), now=utc_now())]
    forged.append(jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": signer.key_id}))
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    jwk = jwt.algorithms.OKPAlgorithm.to_jwk(public).encode()
    for algorithm, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        forged += [
            _signed_by_hand(claims, algorithm, key_id=signer.key_id, secret=secret, digest=digest)
            for secret in (pem, pem.strip(), der, jwk, raw_bytes(public))
        ]
    forged.append(jwt.encode(claims, "", "none", headers={"kid": signer.key_id}))
    for unverified_jwt in forged:
        with pytest.raises(Unauthenticated):
            await verifier.verify(unverified_jwt)


async def test_nothing_is_signed_for_longer_than_a_minute(signer: Signer) -> None:
    now = utc_now()
    with pytest.raises(ValueError, match="60 seconds"):
        signer.sign(replace(identity_of(), expires_at=now + timedelta(seconds=61)), now=now)


async def test_key_id_follows_the_key(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    path.write_bytes(signing_key())
    assert load_signer(path).key_id == load_signer(path).key_id
    other = tmp_path / "other.key"
    other.write_bytes(signing_key())
    assert load_signer(path).key_id != load_signer(other).key_id


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"])
def test_other_files_are_refused_without_quoting_them(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signing.key"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="PAAS_SIGNING_KEY_FILE") as refused:
        load_signer(path)
    assert "not a key" not in str(refused.value)


def test_key_of_another_kind_or_with_a_password_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    curve = ec.generate_private_key(ec.SECP256R1())
    ours = Ed25519PrivateKey.generate()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    for content in (
        curve.private_bytes(pem, pkcs8, serialization.NoEncryption()),
        ours.private_bytes(pem, pkcs8, serialization.BestAvailableEncryption(b"password")),
        ours.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo),
    ):
        path.write_bytes(content)
        with pytest.raises(SettingsError):
            load_signer(path)


def _signed_by_hand(claims: dict[str, Any], algorithm: str, *, key_id: str, secret: bytes, digest: str) -> str:
    """What PyJWT refuses to make: a token whose secret is a public key."""
    parts = [{"alg": algorithm, "kid": key_id, "typ": "JWT"}, claims]
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed, digest)).rstrip(b"=")
    return (signed + b"." + signature).decode()
