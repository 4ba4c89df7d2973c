"""Signing in on one device for a program on another (RFC 8628): the program's side, and the person's."""

import time
from dataclasses import dataclass, field
from typing import Final

from tests.fixtures.waiting import PATIENCE
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import CLI
from tests.keycloak.sign_in.grants import Refused, Tokens, tokens_of
from tests.keycloak.sign_in.pkce import Proof
from tests.keycloak.sign_in.visitor import CONSENT, Visitor, expect

DONE: Final = "login-info"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_STILL_WAITING: Final = ("authorization_pending", "slow_down")


@dataclass(frozen=True)
class DeviceSignIn:
    """One that a program has begun: what it shows the person, and what it asks with. `interval` is in seconds."""

    keycloak: Keycloak
    client: str
    device_code: str = field(repr=False)
    user_code: str
    page: str
    page_with_code: str
    interval: int
    proof: Proof = field(repr=False)

    @classmethod
    def begin(cls, keycloak: Keycloak, *, client: str = CLI) -> "DeviceSignIn":
        """Ask for codes. Raises Refused."""
        proof = Proof()
        fields = {"client_id": client, "scope": "openid", **proof.asked_with}
        answer = keycloak.web.post(f"{keycloak.issuer}/protocol/openid-connect/auth/device", fields)
        if answer.error is not None:
            raise Refused(answer.error)
        found = answer.document
        shown = (found["user_code"], found["verification_uri"], found["verification_uri_complete"])
        return cls(keycloak, client, found["device_code"], *shown, found["interval"], proof)

    def ask(self) -> Tokens:
        """Ask for the tokens once. Raises Refused, with `authorization_pending` until the person has answered."""
        fields = {"grant_type": _GRANT, "client_id": self.client, "device_code": self.device_code}
        return tokens_of(self.keycloak.web.post(self.keycloak.token_url, fields | self.proof.redeemed_with))

    def wait(self) -> Tokens:
        """Ask, no more often than is wanted, until there are tokens. Raises Refused where there will be none."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.ask()
            except Refused as refused:
                if str(refused) not in _STILL_WAITING or time.monotonic() > deadline:
                    raise
            # What the server asks for between two polls, not what a test waits for.
            time.sleep(self.interval)


def approve(page_with_code: str, visitor: Visitor, name: str, password: str) -> None:
    """Do what the person does who opened the page that a program showed: sign in, and say yes.

    Raises SignInRefused where it doesn't end well.
    """
    asked = visitor.sign_in(visitor.open(page_with_code), name, password)
    expect(visitor.press(expect(asked, CONSENT), "accept"), DONE)
