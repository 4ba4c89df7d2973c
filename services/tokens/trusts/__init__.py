"""Trusts: tokens for CI jobs that hold none, in exchange for what their CI system signs of them (RFC 8693)."""
