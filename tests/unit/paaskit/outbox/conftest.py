"""The outbox of config, empty."""

from collections.abc import AsyncIterator

import pytest

from paaskit.db import Database
from tests.fixtures.postgres import Databases


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """The outbox in config's database, as config reaches it."""
    async with databases.open("config") as database:
        yield database
