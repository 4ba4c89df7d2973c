"""Trusts: what is taken of CI systems, and what is given for it."""
