"""The issuer's signing keys, and tokens in the form that Keycloak gives them."""

import itertools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

# Making one takes a tenth of a second, and there are hundreds of issuers in a run: each takes the next of these, so
# that no key is that of the eleven before it. What names a key is its id, which no two share.
_NEXT: Final = itertools.cycle(range(12))


@dataclass(frozen=True)
class SigningKey:
    """An RSA key and its id."""

    kid: str
    private: rsa.RSAPrivateKey

    @property
    def jwk(self) -> dict[str, Any]:
        """Its public half as the set of keys has it (RFC 7517)."""
        public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {"kid": self.kid, "kty": "RSA", "alg": "RS256", "use": "sig", "n": public["n"], "e": public["e"]}


class Keys:
    """The keys that are published; the newest signs."""

    def __init__(self) -> None:
        self.published = [_new_key()]
        self._own = secrets.token_bytes(64)

    @property
    def newest(self) -> SigningKey:
        """The key that signs."""
        return self.published[-1]

    def rotate(self, *, keep_old: bool = True) -> SigningKey:
        """Sign with a new key from now on; without `keep_old` the others are published no longer."""
        self.published = [*(self.published if keep_old else ()), _new_key()]
        return self.newest

    def document(self) -> dict[str, Any]:
        """The JSON Web Key Set. As Keycloak's, it also has a key that is not for signatures."""
        other = {**self.published[0].jwk, "kid": "for-encryption", "alg": "RSA-OAEP", "use": "enc"}
        return {"keys": [*(key.jwk for key in self.published), other]}

    def sign(self, claims: Mapping[str, Any], *, header: Mapping[str, Any], without: Sequence[str] = ()) -> str:
        """A token of these claims but the ones in `without`, signed by the newest key; `header` adds and replaces."""
        kept = {name: value for name, value in claims.items() if name not in without}
        fields = {"kid": self.newest.kid, "typ": "JWT", **header}
        return jwt.encode(kept, self.newest.private, algorithm="RS256", headers=fields)

    def seal(self, claims: Mapping[str, Any]) -> str:
        """A token that only the issuer itself reads, as Keycloak's refresh tokens are: a JWT with HS512."""
        return jwt.encode(dict(claims), self._own, algorithm="HS512", headers={"kid": "own"})

    def unseal(self, token: str) -> dict[str, Any]:
        """The claims of such a token, whenever it ends. Raises ValueError for any other."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._own,
                algorithms=["HS512"],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise ValueError from None
        return claims


def _new_key() -> SigningKey:
    return SigningKey(secrets.token_urlsafe(32), _private(next(_NEXT)))


@cache
def _private(_: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
