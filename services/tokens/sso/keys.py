"""The identity provider's public keys, as it publishes them (RFC 7517)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from paaskit.errors import Unavailable

ALGORITHMS: Final = frozenset({"RS256", "PS256", "ES256", "EdDSA"})
"""What may have signed a token: none that has a shared secret."""
# A key that does not say what it is for is what Keycloak's are by default (RFC 7518, 3.1).
_OF_TYPE: Final = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}
_FEWEST_RSA_BITS: Final = 2048
_MOST_KEYS: Final = 32
_MOST_BYTES: Final = 256 * 1024


@dataclass(frozen=True)
class ProviderKey:
    """A public key, and the one algorithm it verifies."""

    algorithm: str
    key: Any


async def fetch_keys(client: httpx.AsyncClient, url: str) -> Mapping[str, ProviderKey]:
    """Return the keys published at `url`, by their ids. Raises Unavailable where there are none to be had."""
    try:
        return keys_of(await fetch_document(client, url))
    except ValueError:
        raise provider_away() from None


async def fetch_document(client: httpx.AsyncClient, url: str) -> Any:
    """Return the JSON document at `url`. Raises Unavailable where there is none, or one larger than any should be."""
    try:
        async with client.stream("GET", url) as answer:
            # A redirect is an answer like any other that is not the document: it is where it was said to be.
            text = await _limited(answer) if answer.status_code == httpx.codes.OK else b""
        return json.loads(text)
    except (httpx.HTTPError, ValueError, RecursionError):
        raise provider_away() from None


def keys_of(document: Any) -> Mapping[str, ProviderKey]:
    """Return the keys of a JSON Web Key Set that verify signatures, by their ids.

    Raises ValueError where it is no such set, or has no such key.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ValueError
    found = {each["kid"]: key for each in listed if (key := _key(each)) is not None}
    if not found:
        raise ValueError
    return found


def provider_away(*, status: int | None = None) -> Unavailable:
    """Return the error for an identity provider that does not answer, or not as it should."""
    known = {} if status is None else {"status": str(status)}
    return Unavailable(
        "The identity provider can't be reached. Try again in a moment.",
        metadata={"service": "identity provider", **known},
    )


def _key(jwk: Any) -> ProviderKey | None:
    """Return the key that `jwk` is; None for one that is for something else, or that is too weak."""
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str) or jwk.get("use", "sig") != "sig":
        return None
    algorithm = jwk.get("alg") or _OF_TYPE.get(str(jwk.get("kty")))
    if algorithm not in ALGORITHMS or "d" in jwk:
        return None
    try:
        key = jwt.PyJWK(jwk, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size < _FEWEST_RSA_BITS:
        return None
    return ProviderKey(algorithm, key)


async def _limited(answer: httpx.Response) -> bytes:
    text = b""
    async for part in answer.aiter_bytes():
        text += part
        if len(text) > _MOST_BYTES:
            raise ValueError
    return text
