"""The calls whose cost must not grow, as loads: each request is about another app, chosen at random."""

import asyncio
import random
from collections.abc import Mapping
from typing import Final

from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from bench.growth.filled import ACTIONS
from bench.load import Work
from bench.platform import Bench
from paaskit.clock import random_id

IN_FLIGHT: Final = 16
_OWN_APPS: Final = 32


async def prepare(bench: Bench) -> None:
    """Make the apps that are changed, and whose secrets are revealed."""
    stub = secrets_pb2_grpc.SecretsServiceStub(bench.channel("secrets"))
    for index in range(_OWN_APPS):
        await bench.create_app(f"own-{index}")
        secret = secrets_pb2.SecretAssignment(name="KEY", value="sk_live_" + "x" * 32)
        request = secrets_pb2.SetSecretsRequest(request_id=random_id(), app=f"own-{index}", secrets=[secret])
        await stub.SetSecrets(request, metadata=await bench.me())


def calls(bench: Bench, *, apps: int) -> Mapping[str, Work]:
    """Return the loads by their names, for a stack that was filled with so many apps."""
    config = bench.config()
    secrets = secrets_pb2_grpc.SecretsServiceStub(bench.channel("secrets"))
    audit = audit_pb2_grpc.AuditServiceStub(bench.channel("audit"))
    chance = random.Random(apps)
    counters = [0] * IN_FLIGHT

    def anybody() -> str:
        # Every second one is the tenant's.
        return f"grown-{2 * chance.randint(1, apps // 2)}"

    async def reveal(_: int) -> object:
        request = secrets_pb2.RevealSecretRequest(app=f"own-{chance.randrange(_OWN_APPS)}", name="KEY")
        return await secrets.RevealSecret(request, metadata=await bench.me())

    async def list_vars(_: int) -> object:
        return await config.ListVars(config_pb2.ListVarsRequest(app=anybody()), metadata=await bench.me())

    async def list_secrets(_: int) -> object:
        return await secrets.ListSecrets(secrets_pb2.ListSecretsRequest(app=anybody()), metadata=await bench.me())

    async def set_vars(index: int) -> object:
        counters[index] += 1
        return await bench.set_vars(f"own-{index}", {"COUNTER": str(counters[index])})

    async def list_events(_: int) -> object:
        request = audit_pb2.ListEventsRequest(app=anybody(), action=chance.choice(ACTIONS))
        answer = await audit.ListEvents(request, metadata=await bench.me())
        assert len(answer.events) == 1
        return answer

    return {
        "reveal": reveal,
        "ListVars of random apps": list_vars,
        "ListSecrets of random apps": list_secrets,
        "SetVars": set_vars,
        "events by app and action": list_events,
    }


async def released(bench: Bench, app: str, *, round_: int) -> float:
    """Change an app without instances; return the seconds from the acknowledged change to the end of its release."""
    number = await bench.set_vars(app, {"ROUND": str(round_)})
    loop = asyncio.get_running_loop()
    start = loop.time()
    await bench.until_released(app, number)
    return loop.time() - start
