"""One secret, changed as the person who looks."""

from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.secrets.asked import Rotation
from paas_cli.variables import expiry

# As many as one call may list: who has more to replace is told of the nearest.
_MOST = 500


async def ends_soon(caller: Caller) -> list[secrets_pb2.DueSecret]:
    """Return secrets of all apps and groups whose value ends within 30 days or has ended, the nearest first.

    Raises Refusal.
    """
    return list((await list_due(caller, secrets_pb2.DUE_KIND_EXPIRY, size=_MOST)).secrets)


async def list_due(
    caller: Caller, kind: secrets_pb2.DueKind.ValueType, *, size: int, page: str = ""
) -> secrets_pb2.ListDueSecretsResponse:
    """Return a page of the secrets of all apps that are to be seen to for one reason. Raises Refusal."""
    request = secrets_pb2.ListDueSecretsRequest(kind=kind, page_size=size, page_token=page)
    return await caller.call(secrets_pb2_grpc.SecretsServiceStub(caller.channel).ListDueSecrets, request)


async def rotate_secret(caller: Caller, app: str, name: str, rotation: Rotation) -> config_pb2.Change:
    """Give a secret a new value. Raises Refusal."""
    request = secrets_pb2.RotateSecretRequest(request_id=rotation.request_id, app=app, name=name, stage=rotation.stage)
    if rotation.value is not None:
        request.value = rotation.value
    else:
        request.random.length = rotation.length
        request.random.format = secrets_pb2.RandomFormat.Value(f"RANDOM_FORMAT_{rotation.format.upper()}")
    if rotation.overlap_seconds:
        request.overlap.seconds = rotation.overlap_seconds
    expiry.put(request, rotation.terms)
    return (await caller.call(secrets_pb2_grpc.SecretsServiceStub(caller.channel).RotateSecret, request)).change
