"""A gateway in this process, and a client of it that waits for nothing between its tries."""

from collections.abc import Iterator

import pytest

from paas_client import Client
from tests.fakes.gateway import TOKEN, Gateway


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    found = Gateway().start()
    yield found
    found.stop()


@pytest.fixture
def pauses() -> list[float]:
    """How long the client would have waited, each time."""
    return []


@pytest.fixture
def client(gateway: Gateway, pauses: list[float]) -> Client:
    made = Client(gateway.address, TOKEN)
    made._calls.sleep = pauses.append
    return made
