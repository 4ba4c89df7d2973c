"""The clients, and the stack they call, for the session.

What is missing to build them makes tests skip with the reason, and with PAAS_REQUIRE_CLIENTS=1, as in CI, fail.
"""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.failures import LocalFailure
from tests.e2e.conftest import ada, idle, installation, temporary
from tests.e2e.installation import Installation, Paas
from tests.fixtures.patient_envoy import patient_gateways
from tests.foreign_clients.front import front
from tests.foreign_clients.programs import Programs, ensure_built
from tests.foreign_clients.store import Store
from tests.foreign_clients.terraform import Terraform

__all__ = ["ada", "idle", "installation", "temporary"]


@pytest.fixture(scope="session")
def programs() -> Programs:
    """All of them, built."""
    try:
        return ensure_built()
    except LocalFailure as failure:
        if os.environ.get("PAAS_REQUIRE_CLIENTS") == "1":
            pytest.fail(str(failure))
        pytest.skip(str(failure))


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """A gateway with the patience of tests for the stack that is started later: a client of others asks once."""
    with patient_gateways():
        yield


@pytest.fixture(scope="session")
def tls(temporary: Path) -> Path:
    """The folder with the CA of what stands before the gateway."""
    return temporary / "front"


@pytest.fixture(scope="session")
def gateway(programs: Programs, installation: Installation, tls: Path) -> Iterator[str]:
    """The gateway's URL, with https."""
    with front(installation.stack.gateway_url, tls) as url:
        yield url


@pytest.fixture(scope="session")
def store(programs: Programs, tls: Path) -> Store:
    """The operator's."""
    return Store(programs.operator, tls / "ca.pem")


@pytest.fixture(scope="session")
def terraform(programs: Programs, tls: Path) -> Terraform:
    """With the provider."""
    return Terraform(programs.terraform, tls / "ca.pem")


@dataclass(frozen=True)
class Token:
    """A token that somebody made, and what it is on record as."""

    name: str
    text: str = field(repr=False)


def token(paas: Paas, scope: str) -> Token:
    """One for the chosen app alone, as the document has it made."""
    name = f"reader-{uuid.uuid4().hex[:8]}"
    options = ("--app", paas.environment["PAAS_APP"], "--scope", scope, "--ttl", "90d")
    made = paas.ok("tokens:create", "--name", name, *options)
    return Token(name, made.lines[1].partition("=")[2])
