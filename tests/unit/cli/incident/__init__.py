"""Tests of what an incident comes to."""
