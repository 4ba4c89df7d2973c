"""What every runtime promises, of this one: `tests.integration.releaser.runtimes` says what, `conftest` where."""

import pytest

from tests.integration.releaser.runtimes.test_contract import *  # noqa: F403 - the same tests, on another ground

pytestmark = pytest.mark.timeout(900)
