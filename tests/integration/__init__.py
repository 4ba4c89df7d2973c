"""Tests against real PostgreSQL, a real Envoy and real processes."""
