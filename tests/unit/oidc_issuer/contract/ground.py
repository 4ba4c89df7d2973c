"""What the contract is asked of, and how its people are made to do things: the fake is one, a real Keycloak another."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import jwt

from tests.keycloak.web import Answer, Web

CLIENT = "paas-cli"
AUDIENCE = "paas-api"
REDIRECT = "http://127.0.0.1:49152/callback"


@dataclass(frozen=True)
class Someone:
    """A person of the tenant `acme`, made for one test."""

    name: str
    subject: str
    password: str = field(default="", repr=False)


class Ground(Protocol):
    """An issuer with people. `issuer` is its address, `web` a program's way to it."""

    @property
    def issuer(self) -> str: ...
    @property
    def web(self) -> Web: ...

    def welcome(self, *roles: str) -> Someone:
        """A new person with these roles."""

    def approve(self, device: "Document", someone: Someone) -> None:
        """They open the page that a device showed them, sign in and say yes."""

    def deny(self, device: "Document", someone: Someone) -> None:
        """They say no."""

    def browse(self, url: str, someone: Someone) -> str:
        """They open `url` in a browser and sign in where they are asked to; where that leads to."""

    def set_roles(self, someone: Someone, *roles: str) -> None:
        """They have these roles from now on."""

    def disable(self, someone: Someone) -> None:
        """They may not sign in any more."""

    def rotate_keys(self) -> None:
        """Another key signs from now on; the one before still verifies."""


Document = dict[str, Any]


@dataclass(frozen=True)
class Program:
    """What a program does, with what the issuer says of itself and nothing else."""

    ground: Ground

    @cached_property
    def told(self) -> Document:
        """The issuer's own description (OpenID Connect Discovery)."""
        found = self.ground.web.get(f"{self.ground.issuer}/.well-known/openid-configuration").document
        assert isinstance(found, dict)
        return found

    def ask(self, endpoint: str, **fields: str) -> Answer:
        """POST a form as our client."""
        return self.ground.web.post(self.told[endpoint], {"client_id": CLIENT, **fields})

    def verified(self, token: str, *, audience: str = AUDIENCE) -> Document:
        """The claims of a token that the issuer signed."""
        keys = self.ground.web.get(self.told["jwks_uri"]).document["keys"]
        (key,) = (each for each in keys if each["kid"] == jwt.get_unverified_header(token)["kid"])
        claims: Document = jwt.decode(
            token, jwt.PyJWK(key), algorithms=["RS256"], audience=audience, issuer=self.ground.issuer
        )
        return claims
