"""Integration tests of `audit`."""
