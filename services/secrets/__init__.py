"""Sealed values: the only service that holds KMS access."""
