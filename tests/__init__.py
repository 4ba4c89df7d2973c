"""The tests: unit, integration, access, architecture, e2e."""
