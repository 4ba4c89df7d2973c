"""Tokens that got out: whoever reports the text of one ends it."""
