"""Tokens that got out."""
