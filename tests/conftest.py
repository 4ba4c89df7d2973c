"""Fixtures that tests of every part may ask for; see `tests/fixtures/` for what each gives."""

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.tls"]
