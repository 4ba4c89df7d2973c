"""Proof Key for Code Exchange (RFC 7636): a code is worth something only to the program that asked for it."""

import base64
import hashlib
import secrets

METHOD = "S256"


def new_verifier() -> str:
    """A secret of this sign-in alone: 64 characters, as section 4.1 has them."""
    return secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    """What is told of it beforehand (section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
