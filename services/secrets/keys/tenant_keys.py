"""All keys of one tenant at once, for use where nothing can be awaited: sealing, opening, comparing, fingerprints."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.redact import Plaintext
from services.secrets.keys.derivation import derive
from services.secrets.keys.envelope import Place, TenantKey, seal, unseal

_MAC_KEY_BYTES: Final = 32
_MAC_PURPOSE: Final = b"paas request fingerprint v1"


class GenerationMissingError(Exception):
    """A value is sealed with a key that is not among those at hand: it was made after they were fetched."""


@dataclass(frozen=True)
class Sealed:
    """A sealed value and the generation of the key it is sealed with."""

    generation: int
    blob: bytes


@dataclass(frozen=True)
class TenantKeys:
    """A tenant's keys by generation. The newest seals; each opens what it sealed."""

    tenant: str
    by_generation: Mapping[int, TenantKey]

    @property
    def newest(self) -> TenantKey:
        """The key that seals now. There is one in all keys that were fetched to seal with."""
        return self.by_generation[max(self.by_generation)]

    def plus(self, key: TenantKey) -> "TenantKeys":
        """Return these keys with one more."""
        return TenantKeys(self.tenant, {**self.by_generation, key.generation: key})

    def seal(self, app_id: str, name: str, version: int, plaintext: Plaintext) -> Sealed:
        """Return `plaintext` sealed for one version of a name; a version below zero is that of a staged value."""
        return self.seal_with(self.newest.generation, app_id, name, version, plaintext)

    def seal_with(self, generation: int, app_id: str, name: str, version: int, plaintext: Plaintext) -> Sealed:
        """Return `plaintext` sealed with the key of a generation that is among these."""
        place = Place(tenant=self.tenant, app_id=app_id, name=name, version=version)
        return Sealed(generation, seal(self.by_generation[generation], place, plaintext))

    def unseal(self, app_id: str, name: str, version: int, sealed: Sealed) -> Plaintext:
        """Return what was sealed. Raises GenerationMissingError, or OpenError where it was changed or moved."""
        key = self.by_generation.get(sealed.generation)
        if key is None:
            raise GenerationMissingError
        return unseal(key, Place(tenant=self.tenant, app_id=app_id, name=name, version=version), sealed.blob)

    def fingerprints(self, values: Sequence[tuple[str, Plaintext]]) -> Mapping[int, tuple[str, ...]]:
        """Return, for each generation, a MAC of each named value: equal where the values are, and good for no more.

        The key is derived from the tenant's, so that who reads the digests in the database can't guess at values.
        """
        return {
            generation: tuple(_mac(mac_key, name, plaintext) for name, plaintext in values)
            for generation, key in self.by_generation.items()
            for mac_key in [derive(key.key, info=_MAC_PURPOSE, length=_MAC_KEY_BYTES)]
        }


def same(one: Plaintext, other: Plaintext) -> bool:
    """Whether two plaintexts are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.reveal().encode(), other.reveal().encode())


def _mac(key: bytes, name: str, plaintext: Plaintext) -> str:
    # A name has no NUL, so what follows the first one is the value.
    return hmac.new(key, f"{name}\0{plaintext.reveal()}".encode(), "sha256").hexdigest()
