"""What is said of a tenant whose keys were destroyed, in one place, so that it is always the same."""

from paaskit.errors import Refused


def keys_destroyed() -> Refused:
    """Return the error for whatever would need a key of a tenant that has none any more, and gets no other."""
    return Refused(
        "The keys of your secrets were destroyed: no secret can be read or set any more.", reason="KEYS_DESTROYED"
    )
