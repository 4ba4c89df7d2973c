"""Mutated tokens and identities, 120,000 of them, none of which may be accepted."""
