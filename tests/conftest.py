"""Fixtures that tests of every part may ask for; see `tests/fixtures/` for what each gives."""

import signal

from hypothesis import HealthCheck, settings

# How long an example takes, to make and to run, says more about the machine than about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.tls"]


def pytest_configure() -> None:
    """Take Ctrl-C as programs do: started in the background, a shell has it ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
