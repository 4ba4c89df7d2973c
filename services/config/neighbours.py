"""The services that config calls and tells things: secrets and releaser, behind what the rules ask of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import grpc
import structlog
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit import outbox
from paaskit.channels import call
from paaskit.db import Database
from paaskit.errors import PaasError
from paaskit.outbox import Message, Relay
from paaskit.redact import Plaintext
from paaskit.server import Background
from services.config.store.left_over import LeftOver

PURGE: Final = "secrets.purge"
REMOVE: Final = "releaser.remove"
DELETE: Final = "secrets.delete_managed"
"""The outbox destinations: an app's secrets, its instances, and the value of a managed variable are to go."""

log = structlog.get_logger()


class Vault:
    """secrets, for the values of managed variables and the secrets of destroyed apps."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = secrets_pb2_grpc.SecretsInternalServiceStub(channel)

    async def store_managed(
        self, tenant: str, *, app_id: str, app: str, name: str, value: Plaintext, attachment_id: str
    ) -> tuple[bool, int]:
        """Have a value sealed; return whether it differs from the one before, and the version of secrets that has it.

        Storing for the same attaching again is without effect. Raises Refused, LimitExceeded or InvalidInput where
        nothing was stored, Unavailable where that can't be told.
        """
        request = secrets_pb2.StoreManagedValueRequest(
            tenant=tenant, app_id=app_id, app=app, name=name, value=value.reveal(), attachment_id=attachment_id
        )
        answer = await call(self._stub.StoreManagedValue, request, service="secrets")
        return answer.changed, answer.version

    async def delete_managed(self, payloads: Sequence[bytes]) -> None:
        """Have values dropped; each payload is a `DeleteManagedValueRequest`."""
        for request in outbox.parsed(secrets_pb2.DeleteManagedValueRequest, payloads):
            await call(self._stub.DeleteManagedValue, request, service="secrets")

    async def purge(self, payloads: Sequence[bytes]) -> None:
        """Have every sealed value of destroyed apps deleted; each payload is a `PurgeAppRequest`."""
        for request in outbox.parsed(secrets_pb2.PurgeAppRequest, payloads):
            await call(self._stub.PurgeApp, request, service="secrets")


class Remover:
    """releaser, for apps that were destroyed."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = releaser_pb2_grpc.ReleaserInternalServiceStub(channel)

    async def remove(self, payloads: Sequence[bytes]) -> None:
        """Have the instances of destroyed apps stopped; each payload is a `RemoveAppRequest`."""
        for request in outbox.parsed(releaser_pb2.RemoveAppRequest, payloads):
            await call(self._stub.RemoveApp, request, service="releaser")


class Post:
    """Messages that were kept with a change: sent right after its commit, and relayed until they have arrived."""

    def __init__(self, database: Database, left_over: LeftOver, *, vault: Vault, remover: Remover) -> None:
        self._left_over = left_over
        self._ways: Mapping[str, Callable[[Sequence[bytes]], Awaitable[None]]] = {
            PURGE: vault.purge,
            REMOVE: remover.remove,
            DELETE: vault.delete_managed,
        }
        self._relays = {
            destination: Relay(database, destination=destination, deliver=deliver)
            for destination, deliver in self._ways.items()
        }

    @property
    def background(self) -> Mapping[str, Background]:
        """The relays, by name."""
        return {f"{destination}_relay": relay.run for destination, relay in self._relays.items()}

    async def send(self, message: Message) -> bool:
        """Deliver a committed message now; return whether it has arrived. If not, its relay goes on with it."""
        try:
            await self._ways[message.destination]([message.payload])
            await self._left_over.forget(message)
        except PaasError as error:
            log.warning("message_postponed", destination=message.destination, reason=error.reason)
            return False
        return True


def purge_message(tenant: str, app_id: str) -> Message:
    """Return what asks secrets to forget an app."""
    request = secrets_pb2.PurgeAppRequest(tenant=tenant, app_id=app_id)
    return Message(PURGE, app_id, request.SerializeToString())


def remove_message(tenant: str, app_id: str) -> Message:
    """Return what asks releaser to forget an app."""
    request = releaser_pb2.RemoveAppRequest(tenant=tenant, app_id=app_id)
    return Message(REMOVE, app_id, request.SerializeToString())


def delete_message(tenant: str, app_id: str, name: str, *, attachment_id: str, key: str) -> Message:
    """Return what asks secrets to drop the value of one attaching. `key` is new each time: it may be asked twice."""
    request = secrets_pb2.DeleteManagedValueRequest(
        tenant=tenant, app_id=app_id, name=name, attachment_id=attachment_id
    )
    return Message(DELETE, key, request.SerializeToString())
