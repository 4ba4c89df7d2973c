"""The readers, for the session. What is missing to build them makes tests skip with the reason, and with
PAAS_REQUIRE_READERS=1, as in CI, fail.
"""

import os

import pytest

from local.failures import LocalFailure
from tests.foreign_readers.programs import Programs, ensure_built


@pytest.fixture(scope="session")
def programs() -> Programs:
    """All of them, built."""
    try:
        return ensure_built()
    except LocalFailure as failure:
        if os.environ.get("PAAS_REQUIRE_READERS") == "1":
            pytest.fail(str(failure))
        pytest.skip(str(failure))
