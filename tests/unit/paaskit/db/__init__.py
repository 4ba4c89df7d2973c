"""The database layer on a real PostgreSQL."""
