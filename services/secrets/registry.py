"""config as secrets uses it: apps' ids, and the registry of names that secrets claims and gives up."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import grpc
import structlog
from paas.config.v1 import config_pb2, config_pb2_grpc

from paaskit import outbox
from paaskit.access import AppRef
from paaskit.channels import call
from paaskit.db import Database
from paaskit.errors import NotFound, Unavailable
from paaskit.outbox import Courier, Message, Relay
from services.secrets.rules.claims import Claimed, GivenUp, Need
from services.secrets.store.store import FREE_NAMES

_LEFT_OVER_SECONDS: Final = 3.0
_TIMEOUT_SECONDS: Final = 3.0

log = structlog.get_logger()


class Registry:
    """config's registry of apps and names."""

    def __init__(self, database: Database, config_channel: grpc.aio.Channel) -> None:
        self._config = config_pb2_grpc.ConfigInternalServiceStub(config_channel)
        self._courier = Courier(database, destination=FREE_NAMES, deliver=self._deliver)
        self._left_over = Relay(
            database, destination=FREE_NAMES, deliver=self._deliver, only_older_than_seconds=_LEFT_OVER_SECONDS
        )

    async def resolve(self, ref: AppRef) -> str:
        """Return the id of an app. Raises NotFound, PermissionDenied for a namesake, or Unavailable."""
        request = config_pb2.ResolveAppRequest(tenant=ref.tenant, app=ref.name)
        app_id = (await call(self._config.ResolveApp, request, service="config", timeout=_TIMEOUT_SECONDS)).app_id
        ref.accept(app_id)
        return app_id

    async def claim(
        self, tenant: str, app_id: str, needs: Sequence[Need], *, claim_id: str, skip_taken: bool, leaving: bool
    ) -> Claimed:
        """Claim names with the sizes of their values: all or, unless taken ones may be passed over, none.

        What is `leaving`, a config var that is staged to be unset, is granted for a draft.
        Raises Refused, LimitExceeded or NotFound where nothing was claimed, Unavailable where that can't be told.
        """
        request = config_pb2.ClaimNamesRequest(
            tenant=tenant,
            app_id=app_id,
            claims=_claims(needs),
            claim_id=claim_id,
            skip_taken=skip_taken,
            leaving=leaving,
        )
        answer = await call(self._config.ClaimNames, request, service="config")
        taken = tuple(answer.taken)
        return Claimed(
            claim_id=claim_id,
            names=frozenset(need.name for need in needs) - set(taken),
            taken=taken,
            version=answer.version if answer.HasField("version") else None,
            is_group=answer.is_group,
        )

    async def check(
        self,
        tenant: str,
        app_id: str,
        needs: Sequence[Need],
        *,
        skip_taken: bool = False,
        leaving: bool = False,
    ) -> Sequence[str]:
        """Return those names that are something else. Raises Refused, LimitExceeded, NotFound or Unavailable."""
        if not needs:
            return ()
        request = config_pb2.ClaimNamesRequest(
            tenant=tenant,
            app_id=app_id,
            claims=_claims(needs),
            validate_only=True,
            skip_taken=skip_taken,
            leaving=leaving,
        )
        return tuple((await call(self._config.ClaimNames, request, service="config")).taken)

    async def check_unused(self, tenant: str, app_id: str, names: Sequence[str]) -> None:
        """Return if `names` may go, or there are none.

        Raises Refused for names of a shared group that an app has of it, NotFound and Unavailable.
        """
        if names:
            request = config_pb2.CheckNamesUnusedRequest(tenant=tenant, app_id=app_id, names=names)
            await call(self._config.CheckNamesUnused, request, service="config", timeout=_TIMEOUT_SECONDS)

    async def give_up(self, message: Message) -> bool:
        """Deliver a committed message about names now; return whether config has it. The relay goes on otherwise."""
        return await self._courier.send(message.key, message.payload) is not None

    async def free(self, message: Message) -> None:
        """Tell config of names that are free, if it can be reached: nothing is kept, and nothing depends on it."""
        with suppress(Unavailable):
            await self._deliver([message.payload])

    async def run(self) -> None:
        """Deliver for ever what could not be delivered at once."""
        await self._left_over.run()

    async def _deliver(self, payloads: Sequence[bytes]) -> Sequence[int]:
        for request in outbox.parsed(config_pb2.ReleaseNamesRequest, payloads):
            try:
                await call(self._config.ReleaseNames, request, service="config", timeout=_TIMEOUT_SECONDS)
            except NotFound:
                log.info("names_of_a_destroyed_app")
        return [0] * len(payloads)


def message_of(tenant: str, app_id: str, names: Sequence[GivenUp], *, key: str) -> Message:
    """Return what is to be kept about names that are given up, in the transaction that gives them up."""
    request = config_pb2.ReleaseNamesRequest(
        tenant=tenant,
        app_id=app_id,
        names=[config_pb2.HeldName(name=each.name, claim_id=each.claim_id) for each in names],
    )
    return Message(FREE_NAMES, key, request.SerializeToString())


def _claims(needs: Sequence[Need]) -> list[config_pb2.Claim]:
    return [config_pb2.Claim(name=need.name, size=need.size) for need in needs]
