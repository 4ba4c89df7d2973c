"""A Keycloak as whoever uses it sees it.

with Keycloak.temporary() as keycloak:
    keycloak.admin.set_enabled("ann", enabled=False)
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from local.failures import LocalFailure
from tests.keycloak.server import process
from tests.keycloak.server.administration import Administration
from tests.keycloak.server.database import ADMIN_CLIENT
from tests.keycloak.server.process import Place, Ports
from tests.keycloak.server.realm import REALM, Credentials
from tests.keycloak.web import Web


@dataclass(frozen=True)
class Keycloak:
    """One with the realm `paas`, on this machine."""

    place: Place
    ports: Ports
    credentials: Credentials = field(repr=False)

    @classmethod
    @contextmanager
    def temporary(cls) -> Iterator["Keycloak"]:
        """One in a temporary folder until the end of the block, or of this process. Raises LocalFailure."""
        folder = Path(tempfile.mkdtemp(prefix="paas-keycloak-"))
        # Its ports are kept for as long as that, also while it is away: it comes back to the same ones.
        with process.free_ports() as ports:
            try:
                process.start(process.prepare(folder), ports, tied=True)
                yield cls.running_in(folder)
            finally:
                process.stop(Place(folder))
                shutil.rmtree(folder, ignore_errors=True)

    @classmethod
    def start(cls, folder: Path) -> "Keycloak":
        """Start one in `folder`, with a fresh realm, which outlives this process. Raises LocalFailure."""
        if process.is_running(Place(folder)):
            raise LocalFailure(f"A Keycloak runs in {folder} already: stop it with `down {folder}`.")
        place = process.prepare(folder)
        with process.free_ports() as ports:
            process.start(place, ports, tied=False)
        return cls.running_in(folder)

    @classmethod
    def running_in(cls, folder: Path) -> "Keycloak":
        """The one that was started in `folder`. Raises LocalFailure where none was."""
        place = Place(folder)
        try:
            credentials = Credentials.from_json(place.credentials.read_bytes())
            return cls(place, process.ports_of(place), credentials)
        except FileNotFoundError as error:
            raise LocalFailure(f"No Keycloak was started in {folder}.") from error

    @contextmanager
    def away(self) -> Iterator[None]:
        """It is not there until the end of the block; then it is again, on the same ports, with what it knew.

        What it keeps in memory alone is lost: codes of sign-ins that are going on.
        """
        process.stop(self.place)
        try:
            yield
        finally:
            process.start(self.place, self.ports, tied=True)

    @property
    def url(self) -> str:
        """Where it is: https, with no path."""
        return process.public_url(self.ports)

    @property
    def issuer(self) -> str:
        """`iss` of the realm's tokens, and where its pages and endpoints are."""
        return f"{self.url}/realms/{REALM}"

    @property
    def jwks_url(self) -> str:
        """Where the public keys of the realm are."""
        return f"{self.issuer}/protocol/openid-connect/certs"

    @property
    def token_url(self) -> str:
        """Where tokens are given out."""
        return f"{self.issuer}/protocol/openid-connect/token"

    @property
    def directory_url(self) -> str:
        """The realm in the admin REST API, where the client `paas-directory` may look people up."""
        return f"{self.url}/admin/realms/{REALM}"

    @property
    def ca_file(self) -> Path:
        """The CA that its certificate is from, PEM."""
        return self.place.ca_file

    @cached_property
    def web(self) -> Web:
        """A client of its, without cookies."""
        return Web(self.ca_file)

    @property
    def admin(self) -> Administration:
        """The realm as its administrator changes it."""
        secret = self.credentials.admin
        proof = {"grant_type": "client_credentials", "client_id": ADMIN_CLIENT, "client_secret": secret}
        return Administration(self.url, self.web, proof)

    def password(self, name: str) -> str:
        """The password of one of the realm's people."""
        return self.credentials.passwords[name]

    def secret(self, client: str) -> str:
        """The secret of a confidential client."""
        return self.credentials.clients[client]
