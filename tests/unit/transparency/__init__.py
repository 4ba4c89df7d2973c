"""`transparency`, with logs written in memory; what other programs say of them is `tests/foreign_verifiers`'."""
