"""One secret, changed as the person who looks."""

from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.secrets.asked import Rotation


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
    return (await caller.call(secrets_pb2_grpc.SecretsServiceStub(caller.channel).RotateSecret, request)).change
