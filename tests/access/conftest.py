"""One house for all tests of access."""

from collections.abc import AsyncIterator

import pytest

from paaskit import releases
from paaskit.gate import denials
from paaskit.outbox import relay
from tests.access.house import House, whole_house
from tests.fixtures.postgres import Databases
from tests.fixtures.tls import Certificates


@pytest.fixture(scope="package")
async def house(
    databases: Databases, tls: Certificates, foreign_tls: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """All five services. A few tokens are denied everything here, which would have them told to slow down."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(denials, "MOST_ANSWERED", 100_000)
        # Orders that nobody came for are delivered sooner, so that it is sooner seen what comes of them.
        patched.setattr(releases, "_LEFT_OVER_SECONDS", 0.2)
        patched.setattr(relay, "_GATHER_SECONDS", 0.01)
        async with whole_house(databases, tls, foreign_tls, tmp_path_factory.mktemp("house")) as house:
            yield house
