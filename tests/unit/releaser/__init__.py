"""releaser's rules and its local runtime, without a database."""
