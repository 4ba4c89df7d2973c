"""The keys that secrets are sealed with, for who may manage them."""

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from dashboard.calls.caller import Caller


async def get_keys(caller: Caller) -> secrets_pb2.Keys:
    """Return how they stand. Raises Refusal."""
    stub = secrets_pb2_grpc.KeysServiceStub(caller.channel)
    return (await caller.call(stub.GetKeys, secrets_pb2.GetKeysRequest())).keys


async def rotate_keys(caller: Caller, *, request_id: str) -> secrets_pb2.RotateKeysResponse:
    """Make a new key, which seals from now on. Raises Refusal."""
    stub = secrets_pb2_grpc.KeysServiceStub(caller.channel)
    return await caller.call(stub.RotateKeys, secrets_pb2.RotateKeysRequest(request_id=request_id))
