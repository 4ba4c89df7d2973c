"""Proof Key for Code Exchange (RFC 7636), method S256: who asked is who gets the token."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Proof:
    """A verifier, kept, and its challenge, shown."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def asked_with(self) -> dict[str, str]:
        """The parameters of the request that starts a sign-in."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return {"code_challenge": challenge, "code_challenge_method": "S256"}

    @property
    def redeemed_with(self) -> dict[str, str]:
        """The parameters of the request for tokens."""
        return {"code_verifier": self.verifier}
