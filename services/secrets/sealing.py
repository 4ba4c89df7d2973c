"""Sealing and opening an app's values with the tenant's key."""

import hmac
from collections.abc import Mapping, Sequence

from paaskit.redact import Plaintext
from services.secrets.envelope import Place, seal, unseal
from services.secrets.keyring import Keyring
from services.secrets.plan import App, Entry


class Sealer:
    """Seals values for the version that stores them, and opens stored ones. Raises Unavailable with the KMS."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def prepare(self, tenant: str) -> None:
        """Have the tenant's key at hand, so that no transaction has to wait for the KMS."""
        await self._keyring.newest(tenant)

    async def seal(
        self, tenant: str, app_id: str, version: int, values: Sequence[tuple[str, Plaintext]]
    ) -> list[tuple[int, bytes]]:
        """Return for each value the generation of the key and the sealed bytes."""
        key = await self._keyring.newest(tenant)
        return [
            (key.generation, seal(key, Place(tenant=tenant, app_id=app_id, name=name, version=version), plaintext))
            for name, plaintext in values
        ]

    async def unseal(self, tenant: str, app_id: str, entry: Entry) -> Plaintext:
        """Return the plaintext of a stored value. Raises OpenError where it was tampered with."""
        key = await self._keyring.generation(tenant, entry.generation)
        place = Place(tenant=tenant, app_id=app_id, name=entry.name, version=entry.version)
        return unseal(key, place, entry.sealed)

    async def differing(
        self, tenant: str, app: App, current: Mapping[str, Entry], wanted: Sequence[tuple[str, Plaintext]]
    ) -> list[tuple[str, Plaintext]]:
        """Return those of `wanted` that are new or whose value is another one."""
        return [
            (name, plaintext)
            for name, plaintext in wanted
            if name not in current or not same(await self.unseal(tenant, app.app_id, current[name]), plaintext)
        ]


def same(one: Plaintext, other: Plaintext) -> bool:
    """Whether two plaintexts are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.reveal().encode(), other.reveal().encode())
