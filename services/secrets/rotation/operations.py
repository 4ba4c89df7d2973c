"""What admins ask for of their tenant's keys: how they stand, a new one, and their end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import structlog

from paaskit.audit import Actor
from paaskit.changes import Answer
from paaskit.clock import Clock
from paaskit.errors import Unavailable
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse
from services.secrets.keys.kms.protocol import KmsKey
from services.secrets.keys.wrapping import WrappedKey
from services.secrets.rotation.shredding import Shredding
from services.secrets.rotation.standing import (
    StaleKeyError,
    Standing,
    refuse_unconfirmed,
    rotate,
    shred,
    successor,
)
from services.secrets.store.generations import Generations

_TRIES: Final = 3

log = structlog.get_logger()


class Keys(Protocol):
    """What makes tenants' keys, and knows the keys that wrap them."""

    async def make(self, tenant: str, generation: int) -> WrappedKey:
        """Make a key of a tenant."""

    async def describe(self, tenant: str) -> KmsKey:
        """Say what the KMS's key of a tenant is called there, and which version of it wraps now."""


@dataclass(frozen=True)
class Overview:
    """A tenant's keys, and the key of the KMS that wraps them; None where that can't be told now."""

    standing: Standing
    kms: KmsKey | None
    read_at: datetime


class KeyOperations:
    """The keys of tenants, for their admins. `changed` is told of a tenant whose keys are others now."""

    def __init__(
        self,
        generations: Generations,
        wrapping: Keys,
        *,
        shredding: Shredding,
        changed: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._generations = generations
        self._wrapping = wrapping
        self._shredding = shredding
        self._changed = changed
        self._clock = clock

    async def overview(self, tenant: str) -> Overview:
        """Return how a tenant's keys stand. Raises Unavailable without the database."""
        standing, _ = await self._generations.standing(tenant)
        try:
            kms = await self._wrapping.describe(tenant)
        except Unavailable:
            kms = None
        return Overview(standing, kms, self._clock())

    async def rotate(self, actor: Actor, *, request_id: str) -> Answer:
        """Make a new key, which seals from now on. Raises InvalidInput, Refused or Unavailable.

        It is made before anything is decided; where somebody else was faster, it is thrown away.
        """
        request = self._request(actor, "keys.rotate", request_id)
        for _ in range(_TRIES):
            standing, earlier = await self._generations.standing(actor.tenant, request)
            if earlier is not None:
                return earlier
            made = await self._wrapping.make(actor.tenant, successor(standing))
            decide = partial(rotate, made=made, actor=actor, request_id=request_id)
            try:
                answer = await self._generations.change(actor.tenant, decide, request=request)
            except StaleKeyError:
                continue
            self._changed(actor.tenant)
            return answer
        raise Unavailable(
            "Others are changing the same keys at this moment. Try again.",
            reason="BUSY",
            metadata={"service": "secrets"},
        )

    async def shred(self, actor: Actor, *, confirm: str, request_id: str) -> Standing:
        """Destroy all keys of a tenant; return how they stand then. Raises InvalidInput, Refused or Unavailable.

        Once it is committed here it is done, and what the KMS can't do now is done later.
        """
        refuse_unconfirmed(actor.tenant, confirm)
        request = self._request(actor, "keys.shred", request_id)
        decide = partial(shred, actor=actor, request_id=request_id)
        await self._generations.change(actor.tenant, decide, request=request)
        self._changed(actor.tenant)
        standing, _ = await self._generations.standing(actor.tenant)
        if standing.destruction is not None and standing.destruction.kms_at is None:
            try:
                await self._shredding.finish(actor.tenant)
            except Unavailable as error:
                log.warning("key_destroyed_later", reason=error.reason)
            standing, _ = await self._generations.standing(actor.tenant)
        return standing

    @staticmethod
    def _request(actor: Actor, method: str, request_id: str) -> RequestKey:
        refuse([check_request_id(request_id)])
        return RequestKey(
            request_id=request_id, subject=actor.credential, method=method, fingerprint=fingerprint(method)
        )
