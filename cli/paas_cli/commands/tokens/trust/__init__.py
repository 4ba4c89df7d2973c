"""Trusts: whose CI jobs get tokens."""
