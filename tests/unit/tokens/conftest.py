"""What the unit tests of tokens start from."""

import pytest

from tests.unit.tokens.workbench import Workbench


@pytest.fixture
def bench() -> Workbench:
    """Rules on an empty store."""
    return Workbench()
