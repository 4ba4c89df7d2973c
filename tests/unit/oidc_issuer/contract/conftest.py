"""The fake as a ground of the contract."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.oidc_issuer import OidcIssuer, User
from tests.keycloak.web import Web
from tests.unit.oidc_issuer.contract.ground import Document, Ground, Someone


@dataclass(frozen=True)
class Fake:
    """People of the fake do at once what they are told."""

    fake: OidcIssuer
    people: dict[str, User] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return self.fake.url

    @property
    def web(self) -> Web:
        return Web(self.fake.ca_file)

    def welcome(self, *roles: str) -> Someone:
        name = f"person-{len(self.people)}"
        user = self.people[name] = self.fake.add_user(name, tenant="acme", roles=roles)
        return Someone(name, user.subject)

    def approve(self, device: Document, someone: Someone) -> None:
        self.fake.approve(device["user_code"], self.people[someone.name])

    def deny(self, device: Document, someone: Someone) -> None:
        self.fake.deny(device["user_code"])

    def browse(self, url: str, someone: Someone) -> str:
        self.fake.browser_user = self.people[someone.name]
        return str(self.web.get(url).headers["Location"])

    def set_roles(self, someone: Someone, *roles: str) -> None:
        self.people[someone.name].roles = roles

    def disable(self, someone: Someone) -> None:
        self.people[someone.name].is_enabled = False

    def rotate_keys(self) -> None:
        self.fake.keys.rotate()


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with OidcIssuer(tmp_path / "issuer") as issuer:
        yield Fake(issuer)
