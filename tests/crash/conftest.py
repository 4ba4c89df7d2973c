"""The stack of the end-to-end tests, for those that kill it."""

from tests.e2e.conftest import ada, idle, installation, paas, temporary

__all__ = ["ada", "idle", "installation", "paas", "temporary"]
