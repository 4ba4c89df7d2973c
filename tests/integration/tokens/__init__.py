"""Integration tests of `tokens`."""
