"""Three replicas of `tokens` as processes, one of them stopped now and then: a revocation holds from its answer on.

Requests come all the time to each of them. What the memory of one does by itself is in test_leases.py.
"""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace

import grpc
import pytest
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id
from services.tokens.settings import Settings
from tests.fakes.app_registry import FakeApps
from tests.fixtures.postgres import Databases
from tests.fixtures.service_process import start_service
from tests.fixtures.serving import free_address
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.tokens.conftest import Served


@dataclass
class Replicas:
    """The processes, and a way to call each. The last is the one that is stopped."""

    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)

    async def identity(self, text: str) -> tuple[tuple[str, str], ...]:
        """What a call through the gateway would arrive with."""
        return await self.served[0].identity(text)


@pytest.fixture
async def replicas(settings: Settings, databases: Databases, tls: Certificates) -> AsyncIterator[Replicas]:
    databases.empty("tokens")
    replicas = Replicas()
    async with AsyncExitStack() as stack:
        for _ in range(3):
            mine = replace(settings, listen=free_address())
            process = start_service("tokens", mine)
            stack.callback(_end, process)
            replicas.processes.append(process)
            gateway, operator = [
                await stack.enter_async_context(tls.channel(mine.listen, service="tokens", caller=caller))
                for caller in ("gateway", "operator")
            ]
            replicas.served.append(Served(mine.listen, gateway, operator, FakeApps()))
        async with asyncio.timeout(PATIENCE):
            for served in replicas.served:
                await served.gateway.channel_ready()
                await served.operator.channel_ready()
        yield replicas


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(timeout=PATIENCE)


async def _round(
    replicas: Replicas, me: tuple[tuple[str, str], ...], *, in_flight: int, chance: random.Random
) -> tuple[int, list[float]]:
    """Use a token on every replica while it is revoked; return how often, and when it was let in though it was gone."""
    name = f"ci-{random_id()[:8]}"
    asked = tokens_pb2.CreateTokenRequest(request_id=random_id(), name=name)
    secret = (await replicas.served[0].users.CreateToken(asked, metadata=me)).secret
    let_in: list[float] = []
    count, over = 0, False

    async def use(served: Served) -> None:
        nonlocal count
        while not over:
            began = time.monotonic()
            with suppress(grpc.aio.AioRpcError):
                if (await served.check(secret)).HasField("ok_response"):
                    let_in.append(began)
            count += 1
            await asyncio.sleep(0.01)

    using = [asyncio.create_task(use(served)) for served in replicas.served for _ in range(in_flight)]
    await asyncio.sleep(0.3)
    await until(lambda: let_in)
    stopped = replicas.processes[-1]
    stopped.send_signal(signal.SIGSTOP)
    await asyncio.sleep(chance.random() * 0.1)
    await replicas.served[0].users.RevokeToken(tokens_pb2.RevokeTokenRequest(token=name), metadata=me)
    answered = time.monotonic()
    await asyncio.sleep(chance.random() * 0.1)
    stopped.send_signal(signal.SIGCONT)
    await asyncio.sleep(0.4)
    over = True
    await asyncio.gather(*using)
    return count, [began - answered for began in let_in if began >= answered]


@pytest.mark.parametrize(
    ("rounds", "in_flight"), [(1, 2), pytest.param(12, 8, marks=pytest.mark.thorough)], ids=["once", "often"]
)
async def test_after_its_answer_no_request_of_a_revoked_token_gets_in(
    replicas: Replicas, *, rounds: int, in_flight: int
) -> None:
    seed = random.SystemRandom().randrange(2**31)
    chance = random.Random(seed)
    person = await replicas.served[0].sign_in()
    # An identity is good for a minute, and a dozen rounds may take longer.
    outcomes = [
        await _round(replicas, await replicas.identity(person), in_flight=in_flight, chance=chance)
        for _ in range(rounds)
    ]
    sys.stdout.write(f"{sum(count for count, _ in outcomes)} requests round {rounds} revocations, seed {seed}\n")
    assert [late for _, late in outcomes if late] == []
