"""Shared groups in releases, on a real database."""
