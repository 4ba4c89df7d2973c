"""Shared groups in config as a whole server."""
