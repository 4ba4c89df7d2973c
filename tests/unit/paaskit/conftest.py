"""The gate around a server of the test's own."""

from collections.abc import AsyncIterator

import pytest

from tests.fixtures.tls import Certificates
from tests.unit.paaskit.gated import Gated, gated_server


@pytest.fixture
async def gated(tls: Certificates) -> AsyncIterator[Gated]:
    """The server."""
    async with gated_server(tls) as gated:
        yield gated
