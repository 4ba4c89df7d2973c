"""JSON Web Tokens read strictly (RFC 7515, RFC 7519, RFC 8725): what a parser would forgive is refused.

Whose keys there are and what claims mean is the caller's, and so are the times of issue and end: it knows the clock.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt.types import Options
from jwt.utils import base64url_decode

_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
"""A JWS in its compact serialisation, base64url without padding (RFC 7515, section 2)."""
_HEADERS: Final = frozenset({"alg", "kid", "typ"})
_TIMES_ARE_THE_CALLERS: Final[Options] = {"verify_exp": False, "verify_iat": False}


class NotValid(Exception):
    """The text is no token, or not one that is expected. It has no text of its own, which could quote a claim."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Who must have signed a token for whom, and which claims it must have. Both names are compared exactly."""

    issuer: str
    audience: str
    claims: Collection[str] = ("exp", "iat", "iss", "aud", "sub")


def key_id_of(unverified_jwt: str, *, algorithms: Collection[str], also: Collection[str] = ()) -> str:
    """Return the id of the key that a token says it is signed with. Raises NotValid.

    It may name nothing else but what is in `also`: neither a key of its own, nor a place to fetch one, nor what must be
    understood.
    """
    _check_form(unverified_jwt)
    try:
        header = jwt.get_unverified_header(unverified_jwt)
    except jwt.PyJWTError:
        raise NotValid from None
    if header.get("alg") not in algorithms or set(header) - _HEADERS - set(also):
        raise NotValid
    return str(header.get("kid", ""))


def verified_claims(unverified_jwt: str, key: Any, *, algorithm: str, expected: Expected) -> dict[str, Any]:
    """Return the claims of a token that `key` has signed with `algorithm`, each said once. Raises NotValid."""
    try:
        claims: dict[str, Any] = jwt.decode(
            unverified_jwt,
            key,
            algorithms=[algorithm],
            audience=expected.audience,
            issuer=expected.issuer,
            options={**_TIMES_ARE_THE_CALLERS, "require": list(expected.claims)},
        )
        for part in unverified_jwt.split(".")[:2]:
            json.loads(base64url_decode(part), object_pairs_hook=_each_once)
    except (jwt.PyJWTError, AttributeError, TypeError, ValueError):
        raise NotValid from None
    return claims


def unverified_claims(unverified_jwt: str) -> dict[str, Any]:
    """Return what a token claims, each thing said once; nobody knows yet whether it is true. Raises NotValid."""
    _check_form(unverified_jwt)
    try:
        header, claims = (
            json.loads(base64url_decode(part), object_pairs_hook=_each_once) for part in unverified_jwt.split(".")[:2]
        )
        json.dumps(claims, ensure_ascii=False).encode()  # halves of a character, which JSON can say, can't be kept
    except (ValueError, RecursionError):
        raise NotValid from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise NotValid
    return claims


def check_signature(unverified_jwt: str, key: Any, *, algorithm: str) -> None:
    """Raise NotValid unless `key` has signed a token with `algorithm`. What it claims is the caller's to check."""
    try:
        jwt.api_jws.decode(unverified_jwt, key, algorithms=[algorithm])
    except (jwt.PyJWTError, AttributeError, TypeError, ValueError):
        raise NotValid from None


def _check_form(unverified_jwt: str) -> None:
    """Raise NotValid for what PyJWT would forgive: padding and other bytes."""
    if not _COMPACT.match(unverified_jwt):
        raise NotValid


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON whose names are all different. Raises ValueError: which of two counts is anybody's guess
    (RFC 7519, section 4).
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found
