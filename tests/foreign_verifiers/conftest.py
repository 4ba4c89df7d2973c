"""The programs, for the session. What is missing to build them makes tests skip with the reason, and with
PAAS_REQUIRE_VERIFIERS=1, as in CI, fail.
"""

import os
from collections.abc import Iterator

import pytest

from local.failures import LocalFailure
from tests.fixtures.written_log import WrittenLog
from tests.foreign_verifiers.programs import Programs, ensure_built
from tests.foreign_verifiers.publisher import Publish
from tests.foreign_verifiers.service import publishing


@pytest.fixture(scope="session")
def programs() -> Programs:
    """All of them, built."""
    try:
        return ensure_built()
    except LocalFailure as failure:
        if os.environ.get("PAAS_REQUIRE_VERIFIERS") == "1":
            pytest.fail(str(failure))
        pytest.skip(str(failure))


@pytest.fixture(params=["with the library", "by the service"])
def publish(request: pytest.FixtureRequest) -> Iterator[Publish]:
    """Who writes the log that grows while it is read."""
    if request.param == "with the library":
        yield WrittenLog
        return
    with publishing(request.getfixturevalue("databases")) as publish:
        yield publish
