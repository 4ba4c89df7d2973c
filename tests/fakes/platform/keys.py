"""Keys: a rollout goes on by a third of it each time it is looked at."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from paas.secrets.v1 import secrets_pb2 as p

from tests.fakes.gateway import Fault
from tests.fakes.platform.state import NOW, Platform


def get_keys(platform: Platform, _: Any) -> Any:
    keys = platform.keys
    if keys.HasField("rollout") and not keys.rollout.HasField("finished_at"):
        rollout = keys.rollout
        rollout.done = min(rollout.done + -(-rollout.total // 3), rollout.total)
        keys.generations[-2].versions, keys.generations[-1].versions = rollout.total - rollout.done, rollout.done
        if rollout.done == rollout.total:
            rollout.finished_at.CopyFrom(NOW)
    keys.read_at.FromSeconds(NOW.seconds + 3 * 86400)
    return p.GetKeysResponse(keys=keys)


def rotate_keys(platform: Platform, request: Any) -> Any:
    keys = platform.keys
    if request.request_id not in platform.done:
        if keys.HasField("destruction"):
            raise Fault(9, "The keys of your secrets were destroyed.", reason="KEYS_DESTROYED")
        total = keys.generations[-1].versions
        number = keys.generations[-1].generation + 1
        keys.generations.append(p.KeyGeneration(generation=number, created_at=NOW))
        keys.rollout.CopyFrom(p.KeyRollout(total=total))
        platform.record("keys.rotate")
        platform.done[request.request_id] = p.RotateKeysResponse(generation=number, older_versions=total)
    return platform.done[request.request_id]


def shred_keys(platform: Platform, request: Any) -> Any:
    if request.confirm != "acme":
        raise Fault(3, "That is not the name of your tenant, so nothing was destroyed.", reason="NOT_CONFIRMED")
    until = Timestamp(seconds=NOW.seconds + 30 * 86400)
    platform.keys.destruction.CopyFrom(p.KeyDestruction(destroyed_at=NOW, kms_destroyed_at=NOW, restorable_until=until))
    return p.ShredKeysResponse(destruction=platform.keys.destruction)


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {"GetKeys": get_keys, "RotateKeys": rotate_keys, "ShredKeys": shred_keys}
    platform.serve(p.DESCRIPTOR.services_by_name["KeysService"], handlers)
