"""A real Keycloak as a ground of the contract: people sign in at its pages."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.keycloak.conftest import Welcome
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.sign_in.device import approve
from tests.keycloak.sign_in.visitor import CONSENT, Visitor, expect
from tests.keycloak.web import Web
from tests.unit.oidc_issuer.contract.ground import Document, Ground, Someone


@dataclass(frozen=True)
class Real:
    """Each visit is with a browser that has been nowhere yet."""

    keycloak: Keycloak
    newcomers: Welcome

    @property
    def issuer(self) -> str:
        return self.keycloak.issuer

    @property
    def web(self) -> Web:
        return self.keycloak.web

    def welcome(self, *roles: str) -> Someone:
        made = self.newcomers(*roles)
        return Someone(made.name, made.user_id, made.password)

    def approve(self, device: Document, someone: Someone) -> None:
        approve(device["verification_uri_complete"], self._visitor(), someone.name, someone.password)

    def deny(self, device: Document, someone: Someone) -> None:
        visitor = self._visitor()
        start = visitor.open(device["verification_uri_complete"])
        visitor.press(expect(visitor.sign_in(start, someone.name, someone.password), CONSENT), "cancel")

    def browse(self, url: str, someone: Someone) -> str:
        visitor = self._visitor()
        found = visitor.open(url)
        if not isinstance(found, str):
            found = visitor.sign_in(found, someone.name, someone.password)
        assert isinstance(found, str)
        assert urlsplit(found).netloc != urlsplit(self.issuer).netloc
        return found

    def set_roles(self, someone: Someone, *roles: str) -> None:
        self.keycloak.admin.set_roles(someone.name, *roles)

    def disable(self, someone: Someone) -> None:
        self.keycloak.admin.set_enabled(someone.name, enabled=False)

    def rotate_keys(self) -> None:
        self.keycloak.admin.rotate_keys()

    def _visitor(self) -> Visitor:
        return Visitor(self.keycloak.url, self.keycloak.ca_file)


@pytest.fixture
def ground(keycloak: Keycloak, welcome: Welcome) -> Ground:
    return Real(keycloak, welcome)
