"""The stack of the end-to-end tests, for those that abuse it."""

from tests.e2e.conftest import installation, temporary

__all__ = ["installation", "temporary"]
