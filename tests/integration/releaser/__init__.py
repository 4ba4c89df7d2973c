"""releaser on a real database, with real processes."""
