"""The public keys of CI systems, found by OpenID Connect discovery, of issuers that the operator lets trusts name.

Nothing is fetched from anywhere else, whatever a token or a trust says: not from an issuer that is not on the
operator's list, and not from another host than the issuer's own. Keys rotate as `paaskit.rotating_keys` says.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import httpx

from paaskit.clock import Clock
from paaskit.rotating_keys import RotatingKeys
from services.tokens.sso.keys import ProviderKey, fetch_document, fetch_keys, provider_away

_DISCOVERY: Final = "/.well-known/openid-configuration"
_FETCH_EVERY: Final = timedelta(minutes=5)
_MOST_ISSUERS: Final = 256
_MOST_WAITING: Final = 4
"""How many exchanges wait for the keys of one issuer: those of the others need the room as well."""
_ONE_SEGMENT: Final = "/*"


class AllowedIssuers:
    """Which issuers trusts may name: each exactly, or where it ends in `/*`, with one more part of a path."""

    def __init__(self, listed: Sequence[str]) -> None:
        self._exact = frozenset(each for each in listed if not each.endswith(_ONE_SEGMENT))
        self._parents = frozenset(each.removesuffix(_ONE_SEGMENT) for each in listed if each.endswith(_ONE_SEGMENT))

    def allows(self, issuer: str) -> bool:
        """Whether a trust may name `issuer`."""
        parent, _, part = issuer.rpartition("/")
        return issuer in self._exact or (parent in self._parents and part not in ("", ".", ".."))


class Issuers:
    """The keys of the issuers that trusts name."""

    def __init__(self, client: httpx.AsyncClient, *, allowed: AllowedIssuers, clock: Clock) -> None:
        self._client = client
        self._allowed = allowed
        self._clock = clock
        self._keys: OrderedDict[str, RotatingKeys[ProviderKey]] = OrderedDict()
        self._waiting: Counter[str] = Counter()

    def allows(self, issuer: str) -> bool:
        """Whether a trust may name `issuer`."""
        return self._allowed.allows(issuer)

    async def key(self, issuer: str, key_id: str) -> ProviderKey | None:
        """Return the key of this id that `issuer`, which is allowed, publishes; None where there is none.

        Raises Unavailable where none of its keys could be fetched yet, or where too many wait for that.
        """
        if not self.allows(issuer):
            return None
        if self._waiting[issuer] >= _MOST_WAITING:
            raise provider_away()
        self._waiting[issuer] += 1
        try:
            return await self._keys_of(issuer).find(key_id)
        finally:
            self._waiting[issuer] -= 1
            if not self._waiting[issuer]:
                del self._waiting[issuer]

    def _keys_of(self, issuer: str) -> RotatingKeys[ProviderKey]:
        keys = self._keys.get(issuer)
        if keys is None:
            fetch = partial(fetch_keys_of, self._client, issuer)
            keys = self._keys[issuer] = RotatingKeys(fetch, clock=self._clock, fetch_every=_FETCH_EVERY)
            if len(self._keys) > _MOST_ISSUERS:
                self._keys.popitem(last=False)
        self._keys.move_to_end(issuer)
        return keys


async def fetch_keys_of(client: httpx.AsyncClient, issuer: str) -> Mapping[str, ProviderKey]:
    """Return the keys that `issuer` publishes, by their ids (OpenID Connect Discovery 1.0, section 4).

    Raises Unavailable where they can't be had, or it describes itself as another, or has them elsewhere.
    """
    document = await fetch_document(client, issuer.removesuffix("/") + _DISCOVERY)
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise provider_away()
    jwks_uri = document.get("jwks_uri")
    if not isinstance(jwks_uri, str) or _origin(jwks_uri) != _origin(issuer):
        raise provider_away()
    return await fetch_keys(client, jwks_uri)


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise provider_away() from None
    return parts.scheme, parts.netloc
