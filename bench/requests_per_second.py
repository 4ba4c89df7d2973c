"""How many requests a second: reading, revealing and changing, against a bare echo and a bare commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from bench.echo import METHOD, running_echo
from bench.load import Ratio, Work, at_least, compare_rates
from bench.platform import Bench, sign_in
from local.operator_channel import open_channel
from paaskit.clock import random_id

IN_FLIGHT = 16


async def list_vars(bench: Bench, echo_address: str) -> Ratio:
    """`ConfigService.ListVars` of 20 variables against an echo of the same size."""
    await bench.create_app("list")
    await bench.set_vars("list", {f"VARIABLE_{index}": "value-" * 5 for index in range(20)})
    stub, request = bench.config(), config_pb2.ListVarsRequest(app="list")
    answer = await stub.ListVars(request, metadata=await bench.me())

    async def ours(_: int) -> object:
        return await stub.ListVars(request, metadata=await bench.me())

    async with _echo(bench, echo_address, request.SerializeToString(), answer.ByteSize()) as theirs:
        figures = await compare_rates(ours, theirs, in_flight=IN_FLIGHT)
    return at_least(
        figures, measure="ListVars, 20 vars, 16 in flight", against="bare echo, same size", unit="req/s", reach=0.45
    )


async def reveal(bench: Bench, echo_address: str) -> Ratio:
    """`SecretsService.RevealSecret` with its committed audit event against an echo of the same size."""
    await bench.create_app("reveal")
    stub = secrets_pb2_grpc.SecretsServiceStub(bench.channel("secrets"))
    secret = secrets_pb2.SecretAssignment(name="KEY", value="sk_live_" + "x" * 32)
    await stub.SetSecrets(
        secrets_pb2.SetSecretsRequest(request_id=random_id(), app="reveal", secrets=[secret]), metadata=await bench.me()
    )
    request = secrets_pb2.RevealSecretRequest(app="reveal", name="KEY")
    answer = await stub.RevealSecret(request, metadata=await bench.me())

    async def ours(_: int) -> object:
        return await stub.RevealSecret(request, metadata=await bench.me())

    async with _echo(bench, echo_address, request.SerializeToString(), answer.ByteSize()) as theirs:
        figures = await compare_rates(ours, theirs, in_flight=IN_FLIGHT)
    return at_least(
        figures, measure="RevealSecret, audited, 16 in flight", against="bare echo, same size", unit="req/s", reach=0.35
    )


async def set_vars(bench: Bench, *, tenants: int = 1) -> Ratio:
    """`SetVars` acknowledged (durable, audited, release queued) on 16 apps against raw inserts and commits.

    The apps are of one tenant, or of one each.
    """
    tokens = [await asyncio.to_thread(sign_in, bench.stack, tenant=f"bench-{n}") for n in range(tenants)]
    token_of = [tokens[index % tenants] for index in range(IN_FLIGHT)]
    prefix = f"of-{tenants}"
    await asyncio.gather(*(bench.create_app(f"{prefix}-{n}", token=token_of[n]) for n in range(IN_FLIGHT)))
    counters = [0] * IN_FLIGHT

    async def ours(index: int) -> object:
        counters[index] += 1
        release = await bench.set_vars(f"{prefix}-{index}", {"COUNTER": str(counters[index])}, token=token_of[index])
        assert release > 0, "a change was acknowledged without its release"
        return release

    async with _raw_commits(bench) as theirs:
        figures = await compare_rates(ours, theirs, in_flight=IN_FLIGHT)
    return at_least(
        figures,
        measure=f"SetVars acknowledged, 16 apps of {tenants} tenant{'s' if tenants > 1 else ''} at once",
        against="raw psycopg insert + commit",
        unit="req/s",
        reach=0.15,
    )


@asynccontextmanager
async def _echo(bench: Bench, address: str, request: bytes, response_bytes: int) -> AsyncIterator[Work]:
    metadata = await bench.me()
    async with (
        running_echo(address, bench.stack.layout.tls, response_bytes),
        open_channel(
            address, service="config.paas.internal", tls=bench.stack.layout.tls, identity="gateway"
        ) as channel,
    ):
        method: Any = channel.unary_unary(METHOD)

        async def theirs(_: int) -> object:
            return await method(request, metadata=metadata)

        yield theirs


@asynccontextmanager
async def _raw_commits(bench: Bench) -> AsyncIterator[Work]:
    where = bench.database("config")
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE TABLE bench_raw (id bigserial PRIMARY KEY, name text, value text)"))
    async with AsyncConnectionPool(where, min_size=IN_FLIGHT, max_size=IN_FLIGHT, open=False) as pool:
        await pool.wait()

        async def theirs(index: int) -> object:
            async with pool.connection() as connection:
                return await connection.execute(
                    "INSERT INTO bench_raw (name, value) VALUES (%s, %s)", (f"name-{index}", "value")
                )

        yield theirs
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("DROP TABLE bench_raw")
