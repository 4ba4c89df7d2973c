"""Tokens that are revoked while they are used as fast as one can, on an installation of several processes."""
