"""Dropping what is staged, of the two services that keep it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """What is to be dropped: names, and whether what the app runs is among it."""

    config: Sequence[str] = field(default=())
    secrets: Sequence[str] = field(default=())
    spec: bool = False


async def discard(caller: Caller, app: str, what: Dropped, *, request_id: str) -> None:
    """Drop it, secrets first. Raises Refusal, which says where one half is dropped and the other is not."""
    if what.secrets:
        of_secrets = secrets_pb2.DiscardStagedRequest(request_id=request_id, app=app, names=what.secrets)
        await caller.call(secrets_pb2_grpc.SecretsServiceStub(caller.channel).DiscardStaged, of_secrets)
    if not (what.config or what.spec):
        return
    of_config = config_pb2.DiscardStagedRequest(request_id=request_id, app=app, names=what.config, spec=what.spec)
    try:
        await caller.call(config_pb2_grpc.ConfigServiceStub(caller.channel).DiscardStaged, of_config)
    except Refusal as refusal:
        if not what.secrets or refusal.is_signed_out:
            raise
        sentence = f"What was staged of secrets is dropped, and nothing else: {refusal.sentence}"
        raise Refusal(code=refusal.code, sentence=sentence, reason=refusal.reason) from None
