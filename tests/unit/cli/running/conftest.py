"""Programs get the signals that they would get from a terminal, whoever runs these tests."""

from collections.abc import Iterator

import pytest

from tests.fixtures.signals import heard


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    with heard():
        yield
