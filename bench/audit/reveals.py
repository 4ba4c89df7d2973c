"""Reading secrets where audit has a million events beside where it has few."""

from typing import Final

import psycopg
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from bench.load import Ratio, Work, at_least, compare_rates
from bench.platform import Bench
from paaskit.clock import random_id

_REACH: Final = 0.9
_IN_FLIGHT: Final = 16
_LOT: Final = 50_000
# Of other tenants, and without a row in `logs`, so that nobody publishes them meanwhile.
_EVENTS: Final = """
    INSERT INTO events (tenant, sequence, event_id, occurred_at, recorded_at, action, actor, on_behalf_of, app, app_id,
                        targets, version, outcome, request_id, client_address, service, leaf_hash, leaf_format)
    SELECT 'other-' || i %% 100, 1 + i / 100, 'event-' || i, now(), now(), 'config.set', 'user:p' || i %% 50, '',
           'app-' || i %% 1000, 'id-' || i %% 1000, ARRAY['NAME_' || i %% 200], 1, 1, '', '', 'config', sha256('x'), 4
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) i"""


async def beside_few(large: Bench, small: Bench, *, events: int, few: int, pairs: int) -> Ratio:
    """Return how many reveals a second there are in the one beside the other."""
    works: list[Work] = []
    for bench, count in ((large, events), (small, few)):
        await _prepare(bench)
        with psycopg.connect(bench.database("audit"), autocommit=True) as connection:
            for first in range(0, count, _LOT):
                connection.execute(_EVENTS.encode(), {"first": first, "last": min(count, first + _LOT) - 1})
            connection.execute("ANALYZE")
        works.append(_reveal(bench))
    figures = await compare_rates(works[0], works[1], in_flight=_IN_FLIGHT, seconds=1.5, pairs=pairs)
    await large.close()
    await small.close()
    return at_least(figures, measure=f"reveals with {events:,} events", against=f"{few:,}", unit="req/s", reach=_REACH)


async def _prepare(bench: Bench) -> None:
    await bench.create_app("revealed")
    request = secrets_pb2.SetSecretsRequest(
        request_id=random_id(),
        app="revealed",
        secrets=[secrets_pb2.SecretAssignment(name="KEY", value="sk_live_" + "x" * 32)],
    )
    stub = secrets_pb2_grpc.SecretsServiceStub(bench.channel("secrets"))
    await stub.SetSecrets(request, metadata=await bench.me())


def _reveal(bench: Bench) -> Work:
    stub = secrets_pb2_grpc.SecretsServiceStub(bench.channel("secrets"))
    request = secrets_pb2.RevealSecretRequest(app="revealed", name="KEY")

    async def reveal(_: int) -> object:
        return await stub.RevealSecret(request, metadata=await bench.me())

    return reveal
