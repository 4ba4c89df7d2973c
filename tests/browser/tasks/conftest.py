"""Who else is there besides the one whose hand it is."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.installation import Installation, Paas


@pytest.fixture(scope="session")
def bea(installation: Installation) -> Paas:
    """`paas` as another admin of acme."""
    with ThreadPoolExecutor() as elsewhere:  # which has no event loop yet, as this thread has with a browser
        return elsewhere.submit(installation.person, "bea@example.com").result()
