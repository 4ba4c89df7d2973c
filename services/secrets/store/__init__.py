"""All SQL of secrets. Returns the rules' dataclasses, never rows, and never sees a plaintext.

Rows of values are temporal: one is valid from the version that stored it up to, and not including, the one that closed
it. Every statement names the tenant, and beside it the columns its index goes on with, so that the planner has no
choice to get wrong on a database without statistics; row-level security sees to the tenant once more.
"""

from services.secrets.store.store import Store

__all__ = ["Store"]
