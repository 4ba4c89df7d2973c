"""Sealing values anew with a tenant's newest key, a batch at a time.

What is left to do is what is stored: nothing else is kept of it, so it goes on wherever it was stopped. Keys are
fetched before a batch is read, and no transaction is open meanwhile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from services.secrets.keys.envelope import OpenError
from services.secrets.keys.tenant_keys import Sealed, TenantKeys
from services.secrets.rotation.standing import Standing
from services.secrets.store.older import Old

# What one tenant is given before others have their turn: some 5,000 values.
_BATCHES: Final = 25

log = structlog.get_logger()


class Values(Protocol):
    """Values of a tenant, in an order."""

    async def next(self, tenant: str, generation: int, *, after: Old | None) -> Sequence[Old]:
        """Return some that are sealed with this key, those behind `after`; none at the end."""

    async def replace(self, tenant: str, renewed: Sequence[tuple[Old, Sealed]], *, before: int, after: int) -> int:
        """Store what was sealed anew where the old one still is; return how many that were."""


class Keys(Protocol):
    """What gives out tenants' keys."""

    async def keys_for(self, tenant: str, generations: Sequence[int]) -> TenantKeys:
        """Return the keys of a tenant with those of `generations`."""


@dataclass
class _Walk:
    """A walk through a tenant's values: what is still to be walked through, and what it met that does not open."""

    ways: list[tuple[int, Values]]
    after: Old | None = None
    unreadable: int = 0


class Reencryption:
    """Seals values anew."""

    def __init__(self, keyring: Keys, *kinds: Values) -> None:
        self._keyring = keyring
        self._kinds = kinds
        self._walks: dict[str, _Walk] = {}

    async def some(self, tenant: str, standing: Standing) -> int | None:
        """Seal a bounded number of values anew. Raises what the KMS and the database raise.

        Returns None while more are to come, and at the end of all how many there are that do not open.
        """
        walk = self._walks.pop(tenant, None) or _Walk(list(self._ways(standing)))
        newest = standing.newest
        batches = 0
        while walk.ways and newest is not None:
            generation, values = walk.ways[0]
            keys = await self._keyring.keys_for(tenant, [generation, newest.generation])
            found = await values.next(tenant, generation, after=walk.after)
            if not found:
                walk.ways.pop(0)
                walk.after = None
                continue
            renewed = sealed_anew(keys, found, newest.generation)
            walk.unreadable += len(found) - len(renewed)
            if renewed:
                await values.replace(tenant, renewed, before=generation, after=newest.generation)
            walk.after = found[-1]
            batches += 1
            if batches == _BATCHES:
                self._walks[tenant] = walk
                return None
        if walk.unreadable:
            log.error("sealed_values_unreadable", values=walk.unreadable)
        return walk.unreadable

    def _ways(self, standing: Standing) -> Iterator[tuple[int, Values]]:
        for generation in standing.older:
            if generation.versions:
                yield from ((generation.generation, values) for values in self._kinds)


def sealed_anew(keys: TenantKeys, old: Sequence[Old], generation: int) -> list[tuple[Old, Sealed]]:
    """Return values sealed with the key of a generation, each for its own place, without those that do not open."""
    renewed = []
    for each in old:
        try:
            plaintext = keys.unseal(each.app_id, each.name, each.version, each.sealed)
        except OpenError:
            continue
        sealed = keys.seal_with(generation, each.app_id, each.name, each.version, plaintext)
        renewed.append((each, sealed))
    return renewed
