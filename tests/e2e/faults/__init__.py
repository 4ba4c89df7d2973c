"""Parts that are killed, stopped and broken under the tests: a run of its own, beside the others of `tests/e2e`."""
