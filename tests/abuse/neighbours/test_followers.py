"""130 followers of one tenant read a long log again and again: audit goes on with another tenant's events as before.

Covers what calls audit directly: lists, appends, appends over a new connection. Other services' calls meanwhile are in
test_neighbours.py; who reads next and what becomes of slow readers, in tests/unit/audit.
"""

import asyncio
import time

import grpc
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from local.stack import Stack
from tests.abuse.neighbours.log import events, reporting
from tests.abuse.neighbours.probe import TIMEOUT_SECONDS, Seen, all_answered
from tests.abuse.neighbours.tenants import MEASURED_SECONDS, OURS, ROUNDS, TIMES, Tenants
from tests.e2e.installation import Installation


async def _audit_calls(tenants: Tenants, stack: Stack) -> Seen:
    """Lists and appends of the other tenant, one after the other of each kind, for some seconds."""
    seen = Seen()
    until = time.perf_counter() + MEASURED_SECONDS

    async def lists() -> None:
        metadata = (("authorization", f"Bearer {tenants.token}"),)
        async with grpc.aio.insecure_channel(tenants.address) as channel:
            listed = audit_pb2_grpc.AuditServiceStub(channel).ListEvents
            while time.perf_counter() < until:
                request = audit_pb2.ListEventsRequest(page_size=1)
                await seen.note("ListEvents", listed(request, metadata=metadata, timeout=TIMEOUT_SECONDS))

    async def appends() -> None:
        async with reporting(stack) as append:
            while time.perf_counter() < until:
                sent = append(events("ours", OURS, count=1), timeout=TIMEOUT_SECONDS)
                await seen.note("AppendEvents", sent)

    async def appends_of_strangers() -> None:
        async def connect_and_append() -> None:
            async with reporting(stack) as append:
                await append(events("ours", OURS, count=1), timeout=TIMEOUT_SECONDS)

        while time.perf_counter() < until:
            await seen.note("AppendEvents, connecting", connect_and_append())

    await asyncio.gather(lists(), appends(), appends_of_strangers())
    return seen


def test_followers_hold_up_nobody_else(tenants: Tenants, installation: Installation) -> None:
    rounds: list[str] = []
    for _ in range(ROUNDS):
        before = asyncio.run(_audit_calls(tenants, installation.stack))
        with tenants.attacked("followers"):
            during = asyncio.run(_audit_calls(tenants, installation.stack))
        after = asyncio.run(_audit_calls(tenants, installation.stack))
        rounds.append(f"quiet: {before}\nduring: {during}\nafter: {after}")
        print(rounds[-1])
        if all_answered(before, during, after):
            median = during.median / max(before.median, after.median)
            if max(median, during.p99 / max(before.p99, after.p99)) < TIMES:
                return
    raise AssertionError("\n".join(rounds))
