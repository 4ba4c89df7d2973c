"""`keys:rotate` of ten thousand secrets on a running stack, beside plain updates of the same rows."""

import asyncio
import time
from typing import Any

import psycopg
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from bench.load import Ratio, at_least, medians
from bench.platform import Bench
from paaskit.clock import random_id

SECRETS = 10_000
_APPS = 20
_BATCH = 200
_PAIRS = 5
_ROWS = "SELECT app_id, name, valid_from, generation, sealed FROM sealed WHERE tenant = %s"
_UPDATE = """
    UPDATE sealed SET generation = %s, sealed = %s
    WHERE tenant = %s AND app_id = %s AND name = %s AND valid_from = %s"""
_SECONDS = """
    SELECT extract(epoch FROM finished_at - created_at)::float8 FROM tenant_keys
    WHERE tenant = %s AND generation = %s AND finished_at IS NOT NULL"""


async def rotation(bench: Bench, tenant: str) -> Ratio:
    """Values a second that are sealed anew, from the new key's commit to the last one's, against raw updates."""
    await _fill(bench)
    keys = secrets_pb2_grpc.KeysServiceStub(bench.channel("secrets"))
    pairs = []
    with psycopg.connect(bench.database("secrets"), autocommit=True) as connection:
        for _ in range(_PAIRS + 1):
            connection.execute("VACUUM ANALYZE sealed")
            ours = await _rotated(bench, keys, connection, tenant)
            connection.execute("VACUUM ANALYZE sealed")
            theirs = await asyncio.to_thread(_updated, connection, tenant)
            pairs.append((SECRETS / ours, SECRETS / theirs))
    return at_least(
        medians(pairs[1:]),
        measure=f"`keys:rotate`, {SECRETS:,} secrets of 1 KiB",
        against="raw psycopg updates of the same rows",
        unit="values/s",
        reach=0.5,
    )


async def _fill(bench: Bench) -> None:
    stub = secrets_pb2_grpc.SecretsServiceStub(bench.channel("secrets"))
    for number in range(_APPS):
        await bench.create_app(f"keys-{number}")
        values = [
            secrets_pb2.SecretAssignment(name=f"KEY_{index}", value="x" * 1024) for index in range(SECRETS // _APPS)
        ]
        request = secrets_pb2.SetSecretsRequest(request_id=random_id(), app=f"keys-{number}", secrets=values)
        await stub.SetSecrets(request, metadata=await bench.me())


async def _rotated(bench: Bench, keys: Any, connection: psycopg.Connection[Any], tenant: str) -> float:
    request = secrets_pb2.RotateKeysRequest(request_id=random_id())
    made = await keys.RotateKeys(request, metadata=await bench.me())
    assert made.older_versions == SECRETS
    while True:
        row = connection.execute(_SECONDS, (tenant, made.generation)).fetchone()
        if row is not None:
            return float(row[0])
        await asyncio.sleep(0.05)


def _updated(connection: psycopg.Connection[Any], tenant: str) -> float:
    """Seconds that it takes to write the same bytes once more, in as many commits."""
    rows = [
        (generation, bytes(sealed), tenant, app_id, name, version)
        for app_id, name, version, generation, sealed in connection.execute(_ROWS, (tenant,)).fetchall()
    ]
    assert len(rows) == SECRETS
    start = time.perf_counter()
    with connection.cursor() as cursor:
        for begin in range(0, len(rows), _BATCH):
            with connection.transaction():
                cursor.executemany(_UPDATE, rows[begin : begin + _BATCH])
    return time.perf_counter() - start
