"""Releases: what going back to one would change."""
