"""Whether keys that were fetched before a change may seal in it. Pure rules."""

from services.secrets.keys.destroyed import keys_destroyed
from services.secrets.keys.tenant_keys import GenerationMissingError, TenantKeys
from services.secrets.rules.stored import Snapshot


def refuse_stale_keys(snapshot: Snapshot, keys: TenantKeys) -> None:
    """Raise Refused where the keys were destroyed, and GenerationMissingError unless the newest of `keys` seals now.

    They were fetched, by this process or for another request, up to five minutes ago. A newer key means that it was
    rotated since; an older one that the database was put back, and what the key in memory seals would be lost with it.
    """
    if snapshot.keys_destroyed:
        raise keys_destroyed()
    if keys.newest.generation != snapshot.newest_key:
        raise GenerationMissingError
