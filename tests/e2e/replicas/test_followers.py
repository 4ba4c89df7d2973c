"""Who follows on one process sees what happens in others: releases to their end, events in order and each once.

Leaves out streams whose token is revoked (tests/unit/paaskit/test_sessions.py).
"""

import asyncio
import json
from functools import partial
from itertools import cycle
from typing import Any

import grpc
import pytest
from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.clock import random_id, utc_now
from tests.e2e.installation import Installation, Paas, events, eventually
from tests.e2e.replicas.processes import WORKERS, Processes, channel, settled
from tests.fixtures.late import awaited_in_time
from tests.fixtures.waiting import PATIENCE

pytestmark = pytest.mark.thorough
_EVENTS = 60


def set_to(app: str, value: str) -> config_pb2.SetVarsRequest:
    assignment = config_pb2.Assignment(name="A", value=value)
    return config_pb2.SetVarsRequest(request_id=random_id(), app=app, vars=[assignment])


async def test_each_releaser_shows_a_release_that_one_of_them_runs(
    three: Installation, ada: Paas, processes: Processes
) -> None:
    app = three.new_app(ada, instances=2).environment["PAAS_APP"]
    request = set_to(app, "1")
    of_secrets = [part for part in three.stack.parts if part.partition("-")[0] == "secrets"]
    assert len(of_secrets) == WORKERS
    # So that the release can't end before all watch it.
    for part in of_secrets:
        await asyncio.to_thread(three.stack.stop_part, part)
    try:
        answer = await settled(
            lambda: processes.ask(processes.config[0].SetVars, request), lambda made: bool(made.change.release)
        )
        watching = releaser_pb2.WatchReleaseRequest(app=app, number=answer.change.release)
        metadata = await processes.signed()
        calls = [stub.WatchRelease(watching, metadata=metadata, timeout=2 * PATIENCE) for stub in processes.releaser]
        begun = [await call.read() for call in calls]
    finally:
        for part in of_secrets:
            await asyncio.to_thread(three.stack.start_part, part)

    async def watched(first: Any, call: Any) -> list[releaser_pb2.Release]:
        seen = [first.release]
        while (each := await call.read()) is not grpc.aio.EOF:
            seen.append(each.release)
        return seen

    everywhere = await asyncio.gather(*map(watched, begun, calls))
    for seen in everywhere:
        states = [each.state for each in seen]
        assert states[0] in (releaser_pb2.STATE_QUEUED, releaser_pb2.STATE_RUNNING)
        assert states == sorted(states)
        assert (states[-1], seen[-1].instances_ready) == (releaser_pb2.STATE_SUCCEEDED, 2)
    assert everywhere[0][-1] == everywhere[1][-1] == everywhere[2][-1]


async def test_each_audit_sends_every_event_once_and_in_order(idle: Paas, processes: Processes) -> None:
    app, ids = idle.environment["PAAS_APP"], [random_id() for _ in range(_EVENTS)]

    async def followed(stub: Any) -> list[audit_pb2.Event]:
        request = audit_pb2.FollowEventsRequest(after_sequence=-1)
        call = stub.FollowEvents(request, metadata=await processes.signed(), timeout=PATIENCE)
        seen: list[audit_pb2.Event] = []
        async for each in call:
            seen.append(each.event)
            if set(ids) <= {event.event_id for event in seen}:
                call.cancel()
                return seen
        raise AssertionError("the stream ended before all were seen")

    following = [asyncio.create_task(followed(stub)) for stub in processes.audit]
    await asyncio.gather(_append(processes, app, ids), *(_change(processes, app, worker) for worker in range(WORKERS)))
    everywhere = await asyncio.gather(*following)
    for seen in everywhere:
        assert [event.sequence for event in seen] == list(range(1, len(seen) + 1))
    shortest = min(map(len, everywhere))
    assert everywhere[0][:shortest] == everywhere[1][:shortest] == everywhere[2][:shortest]


async def _append(processes: Processes, app: str, ids: list[str]) -> None:
    """Report an event to each audit in turn."""
    workers = range(1, WORKERS + 1)
    opened = [channel(processes.stack, "audit", "audit", worker=worker, caller="config") for worker in workers]
    stubs = [audit_pb2_grpc.AuditInternalServiceStub(await each.__aenter__()) for each in opened]
    try:
        for stub, event_id in zip(cycle(stubs), ids, strict=False):
            event = audit_pb2.Event(
                event_id=event_id,
                tenant="acme",
                action="config.set",
                actor="user:ada@example.com",
                app=app,
                outcome=audit_pb2.OUTCOME_OK,
            )
            event.occurred_at.FromDatetime(utc_now())
            request = audit_pb2.AppendEventsRequest(events=[event])
            # One that is late is told so and sent again, as services do; it is there once, by its id.
            await awaited_in_time(partial(stub.AppendEvents, request, timeout=PATIENCE))
    finally:
        for each in opened:
            await each.__aexit__(None, None, None)


async def _change(processes: Processes, app: str, worker: int) -> None:
    """Stage something again and again in one config."""
    for number in range(10):
        request = config_pb2.SetVarsRequest(
            request_id=random_id(),
            app=app,
            stage=True,
            vars=[config_pb2.Assignment(name=f"W{worker}", value=str(number))],
        )
        await processes.ask(processes.config[worker].SetVars, request)


def test_following_goes_on_while_one_audit_after_the_other_is_killed(three: Installation, idle: Paas) -> None:
    app = idle.environment["PAAS_APP"]
    idle.ok("config:set", "FIRST=1", "--stage")
    eventually(lambda: events(idle, app=app, action="config.stage"))
    following = idle.start("audit", "--follow", "--json", "-a", app, "--action", "config.stage")
    assert following.stdout is not None
    lines = [following.stdout.readline()]
    for number, part in enumerate(("audit", "audit-2", "audit-3")):
        idle.ok("config:set", f"A={number}", "--stage")
        three.stack.kill_part(part)
        idle.ok("config:set", f"B={number}", "--stage")
        lines += [following.stdout.readline() for _ in range(2)]
        three.stack.wait_ready([part])
    following.kill()
    following.communicate(timeout=PATIENCE)
    followed = [json.loads(line) for line in lines]
    assert [event["targets"] for event in followed] == [["FIRST"], *[["A"], ["B"]] * 3]
    assert [event["sequence"] for event in followed] == sorted({event["sequence"] for event in followed})


async def test_a_stream_of_a_process_that_is_killed_ends_as_unavailable(
    three: Installation, processes: Processes
) -> None:
    metadata = await processes.signed()
    call = processes.audit[1].FollowEvents(
        audit_pb2.FollowEventsRequest(after_sequence=-1), metadata=metadata, timeout=PATIENCE
    )
    await call.read()
    await asyncio.to_thread(three.stack.kill_part, "audit-2")
    assert await call.code() is grpc.StatusCode.UNAVAILABLE
    await asyncio.to_thread(three.stack.wait_ready, ["audit-2"])
