"""Apps that adopt a Deployment, and how an app is rolled out: kept, released, staged, gone back to, taken back."""

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from services.config.store.apps import _LOCK_ADOPTED
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.config.conftest import House


def adopting(deployment: str = "web", container: str = "", **more: Any) -> config_pb2.AppSpec:
    """The spec of an app that adopts shop/`deployment`."""
    return config_pb2.AppSpec(
        adopted=config_pb2.Adopted(namespace="shop", deployment=deployment, container=container), **more
    )


async def create(house: House, app: str, spec: config_pb2.AppSpec) -> Any:
    """Make an app."""
    request = config_pb2.CreateAppRequest(request_id=random_id(), app=app, spec=spec)
    return await house.config.CreateApp(request, metadata=house.me)


async def update(house: House, spec: config_pb2.AppSpec, *, stage: bool = False) -> Any:
    """Replace the spec of `web`."""
    request = config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=spec, stage=stage)
    return await house.config.UpdateApp(request, metadata=house.me)


async def refused(work: Any) -> grpc.aio.AioRpcError:
    """The error that `work` ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await work
    return error.value


async def desired(house: House, app_id: str, version: int) -> config_pb2.AppSpec:
    """What a release of a version is given."""
    request = config_pb2.GetDesiredStateRequest(tenant="acme", app_id=app_id, version=version)
    answer: config_pb2.GetDesiredStateResponse = await house.internal("releaser").GetDesiredState(request)
    return answer.spec


async def test_an_app_that_adopts_is_released_and_shown_with_what_it_adopts(house: House) -> None:
    spec = adopting(container="app", ready_timeout=Duration(seconds=90), all_at_once=True)
    answer = await create(house, "web", spec)
    assert answer.change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    assert answer.app.spec == spec
    assert (await house.config.GetApp(config_pb2.GetAppRequest(app="web"), metadata=house.me)).app.spec == spec
    (listed,) = (await house.config.ListApps(config_pb2.ListAppsRequest(), metadata=house.me)).apps
    assert listed.spec == spec
    assert await desired(house, answer.app.app_id, 1) == spec
    await house.set(A="1")
    assert await desired(house, answer.app.app_id, 2) == spec


async def test_what_another_app_adopts_is_refused_while_that_exists(house: House) -> None:
    await create(house, "web", adopting(container="app"))
    for container in ("app", ""):
        error = await refused(create(house, "other", adopting(container=container)))
        assert error.code() is grpc.StatusCode.ALREADY_EXISTS
        assert str(error.details()).startswith("web adopts the Deployment shop/web already.")
    await create(house, "beside", adopting(container="sidecar"))
    await create(house, "api", adopting("api"))
    error = await refused(create(house, "other", adopting("api", "app")))
    assert str(error.details()).startswith("api adopts")
    await house.config.DestroyApp(config_pb2.DestroyAppRequest(request_id=random_id(), app="web"), metadata=house.me)
    await create(house, "other", adopting(container="app"))


async def test_of_twenty_that_want_a_deployment_at_once_one_gets_it(house: House) -> None:
    answers = await asyncio.gather(
        *(create(house, f"web-{index}", adopting(container="app" if index % 2 else "")) for index in range(20)),
        return_exceptions=True,
    )
    errors = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert len(errors) == 19
    assert {error.code() for error in errors} == {grpc.StatusCode.ALREADY_EXISTS}


async def test_who_adopts_a_deployment_waits_for_who_else_does(house: House, databases: Databases) -> None:
    waits = (
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT granted AND datname = %s"
    )
    held = {"tenant": "acme", "namespace": "shop", "deployment": "web"}
    with databases.connect("config") as other, other.transaction():
        other.execute(_LOCK_ADOPTED.encode(), held)
        creating = asyncio.create_task(create(house, "web", adopting()))
        await until(lambda: creating.done() or databases.look("config", waits, [other.info.dbname]) == [(1,)])
        assert not creating.done()
    assert (await creating).app.version == 1


async def test_what_an_app_adopts_is_settled(house: House) -> None:
    await create(house, "web", adopting())
    for spec in (adopting("api"), adopting(container="app"), config_pb2.AppSpec(image="web:1", instances=1)):
        for stage in (False, True):
            error = await refused(update(house, spec, stage=stage))
            assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
            assert str(error.details()).startswith("What web adopts was settled when it was created.")
    error = await refused(update(house, adopting(image="web:1")))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (await update(house, adopting(all_at_once=True))).app.version == 2


def test_the_service_may_not_change_what_an_app_adopts(databases: Databases) -> None:
    right = "SELECT has_column_privilege('config', 'apps', 'adopted_deployment', 'UPDATE')"
    assert databases.look("config", right) == [(False,)]


@pytest.mark.parametrize("seconds", [0, 4, 3601])
async def test_a_ready_timeout_out_of_range_is_refused(house: House, seconds: int) -> None:
    spec = config_pb2.AppSpec(ready_timeout=Duration(seconds=seconds))
    error = await refused(create(house, "web", spec))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "ready_timeout" in str(error.details())


async def test_a_part_of_a_second_counts_as_one(house: House) -> None:
    answer = await create(house, "web", config_pb2.AppSpec(ready_timeout=Duration(seconds=9, nanos=1)))
    assert answer.app.spec.ready_timeout == Duration(seconds=10)
    error = await refused(update(house, config_pb2.AppSpec(ready_timeout=Duration(seconds=3600, nanos=1))))
    assert "5 seconds to 1 hour" in str(error.details())


async def test_how_it_is_rolled_out_is_staged_released_and_gone_back_to(house: House) -> None:
    before = adopting(ready_timeout=Duration(seconds=30))
    after = adopting(all_at_once=True)
    app_id = (await create(house, "web", before)).app.app_id
    await update(house, after, stage=True)
    shown = await house.config.GetApp(config_pb2.GetAppRequest(app="web"), metadata=house.me)
    assert (shown.app.spec, shown.staged_spec.spec) == (before, after)
    releaser = house.internal("releaser")
    draft = await releaser.GetDraft(config_pb2.GetDraftRequest(tenant="acme", app_id=app_id))
    assert draft.spec.spec == after
    released = await releaser.ReleaseDraft(
        config_pb2.ReleaseDraftRequest(
            tenant="acme",
            app_id=app_id,
            request_id=random_id(),
            change_id=random_id(),
            revision=draft.revision,
            actor="user:ada@example.com",
            description="Release the draft",
        )
    )
    assert await desired(house, app_id, released.version) == after
    reverted = await releaser.RevertChanges(
        config_pb2.RevertChangesRequest(
            tenant="acme",
            app_id=app_id,
            from_version=1,
            to_version=released.version,
            request_id=random_id(),
            actor="user:ada@example.com",
        )
    )
    assert reverted.spec_changed
    assert await desired(house, app_id, reverted.version) == before
    restored = await releaser.RestoreVersion(
        config_pb2.RestoreVersionRequest(
            tenant="acme",
            app_id=app_id,
            version=released.version,
            request_id=random_id(),
            change_id=random_id(),
            actor="user:ada@example.com",
            description="Roll back",
        )
    )
    assert restored.spec_changed
    assert await desired(house, app_id, restored.version) == after
