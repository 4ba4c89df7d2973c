"""What every runtime promises, of this one: `tests.integration.releaser.runtimes` says what, `conftest` where."""

from tests.integration.releaser.runtimes.test_contract import *  # noqa: F403 - the same tests, on another ground
