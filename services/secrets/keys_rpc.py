"""Between protos and the rules, for what admins call about keys: one short method per RPC."""

from datetime import datetime
from typing import Any

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.access import current_caller, require_all_apps
from paaskit.audit import Actor, actor_of
from services.secrets.rotation.operations import KeyOperations, Overview
from services.secrets.rotation.standing import Destruction, Generation, Standing


class KeysServicer(secrets_pb2_grpc.KeysServiceServicer):
    """What admins call."""

    def __init__(self, operations: KeyOperations) -> None:
        self._operations = operations

    async def GetKeys(self, request: secrets_pb2.GetKeysRequest, context: Any) -> secrets_pb2.GetKeysResponse:
        """Say how keys stand."""
        overview = await self._operations.overview(_admin().tenant)
        return secrets_pb2.GetKeysResponse(keys=_keys_to(overview))

    async def RotateKeys(self, request: secrets_pb2.RotateKeysRequest, context: Any) -> secrets_pb2.RotateKeysResponse:
        """Make a new key."""
        answer = await self._operations.rotate(_admin(), request_id=request.request_id)
        return secrets_pb2.RotateKeysResponse(generation=answer["generation"], older_versions=answer["older_versions"])

    async def ShredKeys(self, request: secrets_pb2.ShredKeysRequest, context: Any) -> secrets_pb2.ShredKeysResponse:
        """Destroy all keys."""
        standing = await self._operations.shred(_admin(), confirm=request.confirm, request_id=request.request_id)
        return secrets_pb2.ShredKeysResponse(destruction=_destruction_to(standing.destruction))


def _admin() -> Actor:
    require_all_apps()
    return actor_of(current_caller())


def _keys_to(overview: Overview) -> secrets_pb2.Keys:
    standing = overview.standing
    message = secrets_pb2.Keys(
        generations=[_generation_to(each) for each in standing.generations],
        kms_resource="" if overview.kms is None else overview.kms.resource,
        kms_primary_version="" if overview.kms is None else overview.kms.primary_version,
        rollout=_rollout_to(standing),
    )
    message.read_at.FromDatetime(overview.read_at)
    if standing.destruction is not None:
        message.destruction.CopyFrom(_destruction_to(standing.destruction))
    return message


def _generation_to(generation: Generation) -> secrets_pb2.KeyGeneration:
    message = secrets_pb2.KeyGeneration(generation=generation.generation, versions=generation.versions)
    message.created_at.FromDatetime(generation.created_at)
    _set(message.retired_at, generation.retired_at)
    return message


def _rollout_to(standing: Standing) -> secrets_pb2.KeyRollout | None:
    newest = standing.newest
    if newest is None or not standing.older:
        return None
    message = secrets_pb2.KeyRollout(
        total=newest.older_versions, done=standing.sealed_anew, unreadable=newest.unreadable
    )
    _set(message.finished_at, newest.finished_at)
    return message


def _destruction_to(destruction: Destruction | None) -> secrets_pb2.KeyDestruction:
    message = secrets_pb2.KeyDestruction()
    if destruction is not None:
        _set(message.destroyed_at, destruction.at)
        _set(message.kms_destroyed_at, destruction.kms_at)
        _set(message.restorable_until, destruction.restorable_until)
    return message


def _set(field: Any, moment: datetime | None) -> None:
    if moment is not None:
        field.FromDatetime(moment)
