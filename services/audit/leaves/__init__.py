"""What of an event is hashed: the entries of the log, and the bytes of the formats before there was a log."""

from services.audit.leaves.entries import entry_of, fits
from services.audit.leaves.hashes import leaf_hash

__all__ = ["entry_of", "fits", "leaf_hash"]
