"""secrets on a real database."""
