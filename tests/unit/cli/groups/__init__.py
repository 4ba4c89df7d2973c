"""Shared groups on the command line."""
