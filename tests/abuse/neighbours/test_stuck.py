"""Six apps of one tenant never get ready: another tenant's releases succeed as before, and its calls are answered.

The stuck tenant has its share of releases under way and is told that the rest waits for its turn. How turns are given
among many tenants is in tests/integration/releaser/test_turns.py.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import grpc
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc

from paaskit.clock import random_id
from tests.abuse.neighbours.probe import Seen, all_answered, watch
from tests.abuse.neighbours.tenants import OURS, ROUNDS, TIMES, Tenants
from tests.e2e.installation import PROGRAM, Paas, eventually
from tests.fixtures.late import awaited_in_time
from tests.fixtures.waiting import PATIENCE

_SHARE = 4
_WAITING = 2
_WAITS = f"Waiting for its turn: releases of {_SHARE} other apps of yours are under way."
_RELEASES = 4
_RELEASED = "ready"


async def _release(channel: grpc.aio.Channel, token: str) -> float:
    """Change a variable of an app that runs, and watch its release to the end; how many seconds that took."""
    metadata, began = (("authorization", f"Bearer {token}"),), time.perf_counter()
    change = config_pb2.SetVarsRequest(
        request_id=random_id(), app=_RELEASED, vars=[config_pb2.Assignment(name="A", value=random_id())]
    )
    set_vars = partial(config_pb2_grpc.ConfigServiceStub(channel).SetVars, change, metadata=metadata, timeout=PATIENCE)
    # Asked again under its id, it is told the number that releaser was too late to give it.
    async with asyncio.timeout(PATIENCE):
        while not (made := await awaited_in_time(set_vars)).change.release:
            await asyncio.sleep(0.1)
    request = releaser_pb2.WatchReleaseRequest(app=_RELEASED, number=made.change.release)
    watch_release = releaser_pb2_grpc.ReleaserServiceStub(channel).WatchRelease

    async def states() -> list[int]:
        return [each.release.state async for each in watch_release(request, metadata=metadata, timeout=PATIENCE)]

    assert (await awaited_in_time(states))[-1] == releaser_pb2.STATE_SUCCEEDED
    return time.perf_counter() - began


async def _measure(tenants: Tenants) -> tuple[Seen, list[float]]:
    """Our calls and our releases, side by side."""

    async def releases() -> list[float]:
        async with grpc.aio.insecure_channel(tenants.address) as channel:
            return [await _release(channel, tenants.token) for _ in range(_RELEASES)]

    releasing = asyncio.create_task(releases())
    calls = await watch(tenants.address, tenants.token, OURS, seconds=5)
    return calls, await releasing


@contextmanager
def _stuck(them: Paas, number: int) -> Iterator[list[str]]:
    """Six apps that start and never say that they are ready, however long the round takes; their names."""
    # What an earlier round destroyed may not be cleaned up yet.
    apps = [f"stuck-{number}-{each}" for each in range(_SHARE + _WAITING)]
    options = ("--instances", "1", "--health-path", "/never", "--ready-timeout", "1h", "--no-wait")
    for app in apps:
        them.ok("apps:create", app, *options, "--", "sleep", "1000")
    try:
        yield apps
    finally:
        for app in apps:
            them.ok("apps:destroy", app, "--confirm", app)


def _waiting(them: Paas, apps: list[str]) -> int:
    """How many of their releases are told that they wait for their turn."""
    infos = [them.ok("releases:info", "v1", "-a", app, "--json").document for app in apps]
    return [info["release"]["message"] for info in infos].count(_WAITS)


def test_apps_of_another_tenant_that_never_get_ready(tenants: Tenants) -> None:
    tenants.us.ok("apps:create", _RELEASED, "--instances", "1", "--health-path", "/health", "--", *PROGRAM)
    rounds: list[str] = []
    for number in range(ROUNDS):
        before, released_before = asyncio.run(_measure(tenants))
        with _stuck(tenants.them, number) as apps:
            eventually(lambda: _waiting(tenants.them, apps) == _WAITING)
            during, released = asyncio.run(_measure(tenants))
            assert _waiting(tenants.them, apps) == _WAITING, "they were stuck all the time"
        after, released_after = asyncio.run(_measure(tenants))
        rounds.append(
            f"quiet: {before}\nduring: {during}\nafter: {after}\n"
            f"releases, seconds: quiet {released_before}, during {released}, after {released_after}"
        )
        print(rounds[-1])
        if all_answered(before, during, after):
            calls = during.p99 / max(before.p99, after.p99)
            if max(calls, max(released) / max(*released_before, *released_after)) < TIMES:
                return
    raise AssertionError("\n".join(rounds))
