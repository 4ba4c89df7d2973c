"""The programs, for the session. What is missing to build them makes tests skip with the reason, and with
PAAS_REQUIRE_VERIFIERS=1, as in CI, fail.
"""

import os

import pytest

from local.failures import LocalFailure
from tests.fixtures.written_log import WrittenLog
from tests.foreign_verifiers.programs import Programs, ensure_built
from tests.foreign_verifiers.publisher import Publish


@pytest.fixture(scope="session")
def programs() -> Programs:
    """All of them, built."""
    try:
        return ensure_built()
    except LocalFailure as failure:
        if os.environ.get("PAAS_REQUIRE_VERIFIERS") == "1":
            pytest.fail(str(failure))
        pytest.skip(str(failure))


@pytest.fixture
def publish() -> Publish:
    """Who writes the log that grows while it is read."""
    return WrittenLog
