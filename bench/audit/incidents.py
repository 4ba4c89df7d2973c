"""How long `paas incident` takes of a long log: the whole command, from its cold start to its last line.

A stack with a hundred apps and a log written past its services: three of five events are reveals by one token, of two
thousand secrets; one in a hundred thousand is by another; people read and change the rest, from some dozens of
addresses.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from bench.peers.hops import processor_seconds
from bench.platform import Bench, running_stack, sign_in
from local.ports import free_base_port
from paaskit.clock import random_id

APPS: Final = 100
AIM: Final = 5.0
HEAD: Final = (
    "| question | seconds | CPU seconds | secrets that were read | aim | |\n| --- | --- | --- | --- | --- | --- |"
)
QUESTIONS: Final = {
    "a token that read much": ["--token", "much"],
    "a token that read little": ["--token", "little"],
    "a person whose token read much": ["--user", "ada@example.com"],
    "everybody, since the beginning": ["--since", "2w"],
}
_LOT: Final = 50_000
_ROUNDS: Final = 3
_QUIET_SECONDS: Final = 5.0
_EVENTS: Final = """
    INSERT INTO events (tenant, sequence, event_id, occurred_at, recorded_at, action, actor, on_behalf_of, app, app_id,
                        targets, version, outcome, request_id, client_address, service, leaf_hash, leaf_format, maker,
                        token_id)
    SELECT 'bench', %(offset)s + i, 'event-' || i, now() - make_interval(secs => 1200000 - i),
           now() - make_interval(secs => 1200000 - i),
           CASE WHEN i %% 5 < 4 THEN 'secrets.get'
                ELSE (ARRAY['config.set', 'secrets.set', 'releases.finish'])[1 + i %% 3] END,
           CASE WHEN i %% 100000 = 97 THEN 'pat:little' WHEN i %% 5 < 3 THEN 'pat:much'
                ELSE 'user:p' || i * 7 / 11 %% 7 END,
           '', 'app-' || i * 7 / 11 %% 100, 'id-' || i * 7 / 11 %% 100, ARRAY['NAME_' || i / 13 %% 20],
           1, 1, '', '203.0.113.' || i %% 29, 'secrets', sha256('x'), 3,
           CASE WHEN i %% 100000 = 97 OR i %% 5 < 3 THEN 'user:ada@example.com' ELSE '' END,
           CASE WHEN i %% 100000 = 97 THEN %(little)s WHEN i %% 5 < 3 THEN %(much)s
                ELSE 'session-' || i * 7 / 11 %% 7 END
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) i"""
_NO_STATISTICS: Final = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
            EXECUTE format('ALTER TABLE public.%I SET (autovacuum_enabled = off)', name);
        END LOOP;
    END $$"""


@dataclass(frozen=True)
class Row:
    """One question: medians of some runs of the command, and how much it told.

    `cpu` are the seconds that the command and everything behind it used of the machine's cores, all together.
    """

    question: str
    seconds: float
    cpu: float
    secrets: int

    def line(self) -> str:
        """The row of the table."""
        verdict = "reached" if self.seconds <= AIM else "MISSED"
        return f"| {self.question} | {self.seconds:.2f} | {self.cpu:.2f} | {self.secrets:,} | ≤ {AIM:g} | {verdict} |"


def measure(events: int) -> Iterator[Row]:
    """Yield each question's row, without statistics of the tables and with them."""
    with TemporaryDirectory(prefix="paas bench ") as folder:
        Path(folder).chmod(0o755)
        with running_stack(Path(folder) / ".paas", base_port=free_base_port()) as stack:
            bench = Bench(stack, sign_in(stack))
            _fill(bench, events, asyncio.run(_prepare(bench)))
            for state in ("no statistics", "statistics"):
                if state == "statistics":
                    with psycopg.connect(bench.database("audit"), autocommit=True) as connection:
                        connection.execute("ANALYZE")
                for question, options in QUESTIONS.items():
                    yield _asked(bench, f"{question}, {state}", options)


async def _prepare(bench: Bench) -> dict[str, str]:
    """Make the apps and the tokens; return the tokens' ids."""
    try:
        for number in range(APPS):
            await bench.create_app(f"app-{number}")
        return {name: await _token(bench, name) for name in ("much", "little")}
    finally:
        await bench.close()


def _fill(bench: Bench, events: int, ids: dict[str, str]) -> None:
    with psycopg.connect(bench.database("audit"), autocommit=True) as connection:
        connection.execute(_NO_STATISTICS)
        offset = _settled(connection)
        for first in range(1, events + 1, _LOT):
            last = min(events, first + _LOT - 1)
            connection.execute(_EVENTS, {"offset": offset, "first": first, "last": last, **ids})


def _settled(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    """Return the log's last sequence once nothing comes any more of what was done to make the apps."""
    last = -1
    while True:
        row = connection.execute("SELECT max(sequence) FROM events WHERE tenant = 'bench'").fetchone()
        assert row is not None
        if row[0] == last:
            return last
        last = row[0]
        time.sleep(_QUIET_SECONDS)


async def _token(bench: Bench, name: str) -> str:
    request = tokens_pb2.CreateTokenRequest(
        request_id=random_id(), name=name, permissions=["secrets.reveal", "secrets.list"]
    )
    stub = tokens_pb2_grpc.TokensServiceStub(bench.channel("tokens"))
    answer: tokens_pb2.CreateTokenResponse = await stub.CreateToken(request, metadata=await bench.me())
    return answer.token.token_id


def _asked(bench: Bench, question: str, options: list[str]) -> Row:
    command = [str(Path(sys.executable).parent / "paas"), "incident", *options, "--json"]
    environment = {
        "PATH": os.defpath,
        "HOME": str(bench.stack.layout.root),
        "PAAS_GATEWAY": bench.stack.gateway_url,
        "PAAS_TOKEN": bench.token,
    }
    took: list[float] = []
    used: list[float] = []
    found = 0
    for _ in range(_ROUNDS):
        start, before = time.perf_counter(), _cpu(bench)
        ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        took.append(time.perf_counter() - start)
        used.append(_cpu(bench) - before)
        assert ended.returncode == 1, ended.stderr
        found = len(json.loads(ended.stdout)["read"])
    return Row(question, statistics.median(took), statistics.median(used), found)


def _cpu(bench: Bench) -> float:
    """Return the seconds that the stack's processes, and commands that have ended, used so far."""
    times = os.times()
    own = times.children_user + times.children_system
    return own + sum(processor_seconds(int(part["pid"])) for part in bench.stack.status())
