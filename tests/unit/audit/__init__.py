"""Unit tests of `audit`."""
