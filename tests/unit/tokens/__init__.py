"""Unit tests of `tokens`."""
