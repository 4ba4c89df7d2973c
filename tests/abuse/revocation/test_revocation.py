"""After its answer no request of a revoked token passes: 10,000 requests round revocations, three checks, one paused.

Through the real gateway with its memory, to config. Leaves out streams (tests/unit/paaskit/test_sessions.py).
"""

import asyncio
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from local.ports import GATEWAY, HOST, SIGN_IN_CHECK, free_base_port, port_of
from local.signin import Person, issue
from local.stack import Stack
from paaskit.clock import random_id
from tests.abuse.seeds import SEED
from tests.fixtures.late import awaited_in_time
from tests.fixtures.waiting import PATIENCE, until

WORKERS = 3
REQUESTS = 10_000
_IN_FLIGHT = 16


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Three processes of each service."""
    with tempfile.TemporaryDirectory(prefix="paas abuse ") as folder:
        Path(folder).chmod(0o755)
        made = Stack(Path(folder) / ".paas", base_port=free_base_port(workers=WORKERS), workers=WORKERS)
        made.start()
        try:
            yield made
        finally:
            made.stop()


@dataclass
class Round:
    """One token's life: when each of its requests began that was let in, and when its revocation was answered."""

    count: int = 0
    let_in: list[float] = field(default_factory=list)
    refused: Counter[grpc.StatusCode] = field(default_factory=Counter)
    answered: float = float("inf")
    over: bool = False


@asynccontextmanager
async def _channel(stack: Stack) -> AsyncIterator[grpc.aio.Channel]:
    address = f"{HOST}:{port_of(GATEWAY, base_port=stack.base_port)}"
    async with grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        yield channel


async def _use(channel: grpc.aio.Channel, secret: str, life: Round) -> None:
    stub, metadata = config_pb2_grpc.ConfigServiceStub(channel), (("authorization", f"Bearer {secret}"),)
    while not life.over:
        began = time.monotonic()
        try:
            await stub.ListApps(config_pb2.ListAppsRequest(), metadata=metadata, timeout=PATIENCE)
            life.let_in.append(began)
        except grpc.aio.AioRpcError as error:
            life.refused[error.code()] += 1
            await asyncio.sleep(0.02)
        life.count += 1


async def _made(tokens: tokens_pb2_grpc.TokensServiceStub, mine: tuple[tuple[str, str], ...]) -> Any:
    """A new token. A check that is late is told as UNAVAILABLE, and the token is another one then."""

    async def another() -> Any:
        asked = tokens_pb2.CreateTokenRequest(request_id=random_id(), name=f"ci-{random_id()[:12]}")
        return await tokens.CreateToken(asked, metadata=mine, timeout=PATIENCE)

    return await awaited_in_time(another)


def _pid(stack: Stack, part: str) -> int:
    return next(int(each["pid"]) for each in stack.status() if each["name"] == part)


async def _round(stack: Stack, person: str, chance: random.Random) -> Round:
    life, paused = Round(), f"{SIGN_IN_CHECK}-{chance.randint(2, WORKERS)}"
    mine = (("authorization", f"Bearer {person}"),)
    async with _channel(stack) as channel, _channel(stack) as other:
        tokens = tokens_pb2_grpc.TokensServiceStub(channel)
        made = await _made(tokens, mine)
        connections = [channel, other] * _IN_FLIGHT
        using = [asyncio.create_task(_use(each, made.secret, life)) for each in connections]
        await until(lambda: life.let_in)
        await asyncio.sleep(1 + chance.random())
        os.kill(_pid(stack, paused), signal.SIGSTOP)
        await asyncio.sleep(chance.random() * 0.2)
        while life.answered == float("inf"):
            try:
                await tokens.RevokeToken(
                    tokens_pb2.RevokeTokenRequest(token=made.token.token_id), metadata=mine, timeout=PATIENCE
                )
                life.answered = time.monotonic()
            except grpc.aio.AioRpcError as error:
                # Who asks may have been asked of the paused check. After a try whose answer was lost it is done.
                if error.code() is grpc.StatusCode.NOT_FOUND:
                    life.answered = time.monotonic()
                await asyncio.sleep(0.1)
        await asyncio.sleep(chance.random() * 0.5)
        os.kill(_pid(stack, paused), signal.SIGCONT)
        await asyncio.sleep(1.0)
        life.over = True
        await asyncio.gather(*using)
    return life


def test_after_its_answer_no_request_of_a_revoked_token_passes(stack: Stack) -> None:
    person, chance = issue(stack, Person(tenant="acme", user="ada@example.com", role="admin")), random.Random(SEED)
    lives: list[Round] = []
    while sum(life.count for life in lives) < REQUESTS:
        lives.append(asyncio.run(_round(stack, person, chance)))
    late = [began - life.answered for life in lives for began in life.let_in if began >= life.answered]
    count, let_in = sum(life.count for life in lives), sum(len(life.let_in) for life in lives)
    print(f"\n{count} requests round {len(lives)} revocations, seed {SEED}: {let_in} let in, {len(late)} of them late")
    assert all(life.let_in for life in lives), "the control: each token was good before"
    assert late == []
    # Unavailable are checks that came to the process that is paused.
    expected = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert set().union(*(life.refused for life in lives)) <= expected
