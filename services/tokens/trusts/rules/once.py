"""By what a token of a CI system is known again, so that it is exchanged once."""

import hashlib

from services.tokens.trusts.trust import Claims


def mark_of(unverified_jwt: str, claims: Claims) -> bytes:
    """Return 32 bytes that are the same for the same token, and nothing of it can be told from.

    By its `jti`, which an issuer gives once (RFC 7519, 4.1.7); without one by what was signed, and not by the
    signature: with some algorithms anybody can make a second one of it.
    """
    if "jti" in claims:
        told = f"jti\0{claims['iss']}\0{claims['jti']}"
    else:
        told = f"jws\0{claims['iss']}\0{unverified_jwt.rpartition('.')[0]}"
    return hashlib.sha256(told.encode()).digest()
