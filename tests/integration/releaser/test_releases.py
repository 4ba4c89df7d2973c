"""Releases from order to running instances, over the real server: success, failure and revert, rollback, removal."""

import asyncio
from contextlib import suppress

import grpc
from paas.releaser.v1 import releaser_pb2

from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stage, spec_of

SUCCEEDED, FAILED = releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED


async def test_a_change_reaches_every_instance(stage: Stage) -> None:
    app = stage.variables.app(spec_of(instances=2), NODE_ENV="production")
    app.seal(API_KEY="k1")
    ended = await stage.release(app)
    assert (ended.number, ended.state, ended.instances_ready, ended.instances_total) == (1, SUCCEEDED, 2, 2)
    assert (ended.config_version, ended.secrets_version) == (2, 1)
    app.change(LOG_LEVEL="debug")
    assert (await stage.release(app)).state == SUCCEEDED
    running = await stage.instances()
    assert [(i.index, i.release, i.state) for i in running] == [(1, 2, "ready"), (2, 2, "ready")]
    for environment in stage.environments(of=running):
        assert environment["NODE_ENV"] == "production"
        assert (environment["API_KEY"], environment["LOG_LEVEL"]) == ("k1", "debug")
    assert await stage.actions(2) == [("releases.finish", 1, 1), ("releases.finish", 2, 1)]


async def test_a_failed_release_is_reverted(stage: Stage) -> None:
    app = stage.variables.app(spec_of(), COLOUR="blue")
    app.seal(KEY="good")
    assert (await stage.release(app)).state == SUCCEEDED
    app.change(CRASH="3", COLOUR="red")
    app.seal(KEY="bad", OTHER="x")
    failed = await stage.release(app)
    assert failed.state == FAILED
    assert failed.message.startswith("Instance 1 exited with code 3 before it was ready; its log is /")
    assert (failed.reverted_to, failed.revert_release) == (1, 3)
    assert sorted(failed.reverted_names) == ["COLOUR", "CRASH", "KEY", "OTHER"]
    revert = await stage.end(3)
    assert (revert.state, revert.source_release) == (SUCCEEDED, 1)
    (environment,) = stage.environments(of=await stage.instances())
    assert (environment["COLOUR"], environment["KEY"]) == ("blue", "good")
    assert not {"CRASH", "OTHER"} & set(environment)
    assert await stage.actions(3) == [
        ("releases.finish", 1, 1),
        ("releases.finish", 2, 3),
        ("releases.finish", 3, 1),
    ]


async def test_waits_for_secrets_as_long_as_it_takes(stage: Stage) -> None:
    app = stage.variables.app(spec_of())
    app.seal(KEY="old")
    stage.variables.away.add("secrets")
    number = await stage.order(app)
    request = releaser_pb2.GetReleaseRequest(app="web", number=number)

    async def is_waiting() -> bool:
        release = (await stage.users.GetRelease(request, metadata=stage.me)).release
        told = (release.state, release.message)
        return told == (releaser_pb2.STATE_RUNNING, "Waiting for the secrets service.")

    await until(is_waiting)
    stage.variables.away.clear()
    ended = await stage.end(number)
    assert (ended.state, ended.message) == (SUCCEEDED, "")


async def test_an_app_without_secrets_needs_no_secrets_service(stage: Stage) -> None:
    app = stage.variables.app(spec_of(), COLOUR="blue")
    stage.variables.away.add("secrets")
    assert (await stage.end(await stage.order(app))).state == SUCCEEDED
    assert "resolve" not in stage.variables.calls


async def test_a_database_that_loses_connections_delays_and_breaks_nothing(stage: Stage, databases: Databases) -> None:
    app = stage.variables.app(spec_of(instances=3), SLOW="0.2")
    number = await stage.order(app)
    for _ in range(4):
        await asyncio.sleep(0.2)
        databases.look("releaser", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'releaser'")
    ended = releaser_pb2.Release()

    async def has_ended() -> bool:
        with suppress(grpc.aio.AioRpcError):
            ended.CopyFrom(await stage.end(number))
        return bool(ended.number)

    await until(has_ended)
    assert (ended.state, ended.instances_ready) == (SUCCEEDED, 3)
    assert len({environment["PORT"] for environment in await stage.environments_now()}) == 3
    await until(lambda: [version for action, version, _ in stage.told() if action == "releases.finish"] == [number])
