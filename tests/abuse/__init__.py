"""Abuse of a whole installation on one machine, in numbers: see docs/assurance.md for what is sent and what must hold.

PAAS_ABUSE_SEED chooses what is sent; every run prints its own. PAAS_ABUSE_REQUESTS
chooses how many malformed requests. The short form is in tests/e2e/test_abuse.py.
"""
