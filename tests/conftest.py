"""Fixtures that tests of every part may ask for; see `tests/fixtures/` for what each gives."""

import gc
import signal

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes, to make and to run, says more about the machine than about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# Objects made and kept between two looks for cycles of them, as services have it (paaskit.server.collect_seldom).
_COLLECT_AFTER = 20_000

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.tls"]


def pytest_configure() -> None:
    """Take Ctrl-C as programs do: started in the background, a shell has it ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not among thousands of tests and all that they import: it was a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
