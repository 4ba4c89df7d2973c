"""The public keys of who reports leaked tokens, as GitHub publishes them.

`{"public_keys": [{"key_identifier": …, "key": PEM, "is_current": …}]}`. All that are listed verify: a report that was
signed just before a change of keys is as true, and a key that is taken back is one that is not listed any more.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from paaskit.errors import Unavailable

_MOST_KEYS: Final = 32
_MOST_BYTES: Final = 256 * 1024


async def fetch_keys(client: httpx.AsyncClient, url: str) -> Mapping[str, EllipticCurvePublicKey]:
    """Return the keys published at `url`, by their identifiers. Raises Unavailable where there are none to be had."""
    try:
        async with client.stream("GET", url) as answer:
            # A redirect is an answer like any other that is not the keys: they are where the settings say.
            text = await _limited(answer) if answer.status_code == httpx.codes.OK else b""
        return keys_of(json.loads(text))
    except (httpx.HTTPError, ValueError, RecursionError):
        raise Unavailable(
            "The keys that reports are signed with can't be reached. Try again in a moment.",
            metadata={"service": "keys of leak reports"},
        ) from None


def keys_of(document: Any) -> Mapping[str, EllipticCurvePublicKey]:
    """Return the keys in what is published, by their identifiers, without those that are of another kind.

    Raises ValueError where it is something else, or has no key.
    """
    listed = document.get("public_keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ValueError
    found = {each["key_identifier"]: key for each in listed if (key := _key(each)) is not None}
    if not found:
        raise ValueError
    return found


async def _limited(answer: httpx.Response) -> bytes:
    text = b""
    async for part in answer.aiter_bytes():
        text += part
        if len(text) > _MOST_BYTES:
            raise ValueError
    return text


def _key(listed: Any) -> EllipticCurvePublicKey | None:
    """Return a listed key; None for one that is no point of P-256, which is what signs reports."""
    if not isinstance(listed, dict):
        return None
    identifier, pem = listed.get("key_identifier"), listed.get("key")
    if not isinstance(identifier, str) or not isinstance(pem, str):
        return None
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None
