"""Six apps of one tenant never get ready: another tenant's releases succeed as before, and its calls are answered.

The stuck tenant has its share of releases under way and is told that the rest waits for its turn. How turns are given
among many tenants is in tests/integration/releaser/test_turns.py.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc

from paaskit.clock import random_id
from tests.abuse.neighbours.probe import Seen, watch
from tests.abuse.neighbours.tenants import OURS, ROUNDS, TIMES, Tenants
from tests.e2e.installation import PROGRAM, Paas, eventually
from tests.fixtures.waiting import PATIENCE

_STUCK = tuple(f"stuck-{number}" for number in range(6))
_SHARE = 4
_WAITS = f"Waiting for its turn: releases of {_SHARE} other apps of yours are under way."
_RELEASES = 4
_RELEASED = "ready"


async def _release(channel: grpc.aio.Channel, token: str) -> float:
    """Change a variable of an app that runs, and watch its release to the end; how many seconds that took."""
    metadata, began = (("authorization", f"Bearer {token}"),), time.perf_counter()
    change = config_pb2.SetVarsRequest(
        request_id=random_id(), app=_RELEASED, vars=[config_pb2.Assignment(name="A", value=random_id())]
    )
    made = await config_pb2_grpc.ConfigServiceStub(channel).SetVars(change, metadata=metadata, timeout=PATIENCE)
    assert made.change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    request = releaser_pb2.WatchReleaseRequest(app=_RELEASED, number=made.change.release)
    watching = releaser_pb2_grpc.ReleaserServiceStub(channel).WatchRelease(request, metadata=metadata, timeout=PATIENCE)
    states = [each.release.state async for each in watching]
    assert states[-1] == releaser_pb2.STATE_SUCCEEDED
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
def _stuck(them: Paas) -> Iterator[None]:
    """Six apps that start and never say that they are ready."""
    for app in _STUCK:
        asked = them(
            "apps:create", app, "--instances", "1", "--health-path", "/never", "--no-wait", "--", "sleep", "1000"
        )
        assert asked.exit_code == 0, asked.err
    try:
        yield
    finally:
        for app in _STUCK:
            them.ok("apps:destroy", app, "--confirm", app)


def _messages(them: Paas) -> list[str | None]:
    """What they are told of each of the six releases; None where there is nothing to say."""
    return [them.ok("releases:info", "v1", "-a", app, "--json").document["release"]["message"] for app in _STUCK]


def test_apps_of_another_tenant_that_never_get_ready(tenants: Tenants) -> None:
    tenants.us.ok("apps:create", _RELEASED, "--instances", "1", "--health-path", "/health", "--", *PROGRAM)
    calls_times: list[float] = []
    release_times: list[float] = []
    before, released_before = asyncio.run(_measure(tenants))
    for _ in range(ROUNDS):
        with _stuck(tenants.them):
            eventually(lambda: _messages(tenants.them).count(_WAITS) == len(_STUCK) - _SHARE)
            during, released = asyncio.run(_measure(tenants))
            assert _messages(tenants.them).count(_WAITS) == len(_STUCK) - _SHARE, "they were stuck all the time"
        after, released_after = asyncio.run(_measure(tenants))
        print(f"quiet: {before}\nduring: {during}\nafter: {after}")
        print(f"releases, seconds: quiet {released_before}, during {released}, after {released_after}")
        assert (before.errors, during.errors, after.errors) == ({}, {}, {})
        calls_times.append(during.p99 / max(before.p99, after.p99))
        release_times.append(max(released) / max(*released_before, *released_after))
        if calls_times[-1] < TIMES and release_times[-1] < TIMES:
            return
        before, released_before = after, released_after
    raise AssertionError(f"in times of a quiet one: calls {calls_times}, releases {release_times}")
