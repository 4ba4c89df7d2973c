"""Apps as a whole: made once, listed to whom they are shown, destroyed for good, and never taken for a namesake."""

import asyncio
from itertools import pairwise
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from paaskit.identity import AppScope
from tests.fakes.neighbours import Metadata
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.config.conftest import House


async def test_an_app_that_runs_gets_its_first_release(house: House) -> None:
    answer = await _create(house, "web", image="web:1", instances=1)
    assert answer.change.release == 1
    (order,) = house.releaser.orders
    assert (order.app_id, order.config_version, order.description) == (answer.app.app_id, 1, "Create the app")
    assert [(each.name, each.action) for each in order.changes] == [("", config_pb2.ACTION_CHANGED)]
    idle = await _create(house, "idle")
    assert idle.change.release_status == config_pb2.RELEASE_STATUS_NONE
    assert len(house.releaser.orders) == 1
    await until(lambda: len(house.events("apps.create")) == 2)
    assert [event.app_id for event in house.events()] == [answer.app.app_id, idle.app.app_id]


async def test_twenty_equal_requests_make_one_app_and_get_equal_answers(house: House) -> None:
    answers = await asyncio.gather(
        *(_create(house, "web", request_id="request-1", image="web:1", instances=1) for _ in range(20))
    )
    assert len({answer.SerializeToString() for answer in answers}) == 1
    await house.set(A="1")
    assert (await _create(house, "web", request_id="request-1", image="web:1", instances=1)) == answers[0]
    await until(lambda: house.events("config.set") != [])
    assert len(house.events("apps.create")) == 1
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _create(house, "web", request_id="request-1", image="web:2", instances=1)
    assert "already used" in str(refused.value.details())


async def test_twenty_different_requests_for_one_name_make_one_app(house: House) -> None:
    answers = await asyncio.gather(*(_create(house, "web") for _ in range(20)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert len(refused) == 19
    assert {error.code() for error in refused} == {grpc.StatusCode.ALREADY_EXISTS}


async def test_an_update_is_released_and_no_update_is_not(house: House) -> None:
    app = await house.app()
    updated = await _update(house, image="web:1", instances=2)
    assert (updated.app.version, updated.app.spec.image, updated.change.release) == (2, "web:1", 1)
    assert updated.app.etag != app.etag
    assert [each.name for each in house.releaser.orders[0].changes] == [""]
    again = await _update(house, image="web:1", instances=2)
    assert (again.app, again.change.release_status) == (updated.app, config_pb2.RELEASE_STATUS_NONE)


async def test_updates_at_once_build_on_each_other(house: House, databases: Databases) -> None:
    await house.app()
    await asyncio.gather(*(_update(house, image=f"web:{index % 2}") for index in range(20)))
    rows = databases.look("config", "SELECT valid_from, valid_to, image FROM specs ORDER BY valid_from")
    assert [row[1] for row in rows] == [*(row[0] for row in rows[1:]), None]
    assert all(one[2] != next_one[2] for one, next_one in pairwise(rows))


async def test_a_destroyed_apps_secrets_are_gone_when_that_is_acknowledged(house: House) -> None:
    app = await house.app()
    await house.attach("postgres://secret")
    await _destroy(house)
    # At least once: on a busy machine it may be told again before its answer is there.
    assert set(house.secrets.purged) == {app.app_id}
    assert house.secrets.stored == {}
    assert set(house.releaser.removed) == {app.app_id}
    again = await house.app()
    assert again.app_id != app.app_id
    assert await house.vars() == {}


async def test_secrets_away_is_said_and_the_same_request_finishes(house: House, databases: Databases) -> None:
    app = await house.app()
    house.secrets.down = True
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _destroy(house, request_id="request-1")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "secrets" in str(refused.value.details())
    with pytest.raises(grpc.aio.AioRpcError) as gone:
        await house.listed()
    assert gone.value.code() is grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.aio.AioRpcError) as busy:
        await house.app()
    assert busy.value.code() is grpc.StatusCode.UNAVAILABLE
    for request_id in ("request-1", random_id()):
        with pytest.raises(grpc.aio.AioRpcError):
            await _destroy(house, request_id=request_id)
    house.secrets.down = False
    await _destroy(house, request_id="request-1")
    assert app.app_id in house.secrets.purged
    left = "SELECT count(*) FROM outbox WHERE destination = 'secrets.purge'"
    await until(lambda: databases.look("config", left) == [(0,)])
    await house.app()
    await until(lambda: len(house.events("apps.destroy")) == 1)


async def test_destroying_what_is_not_there_is_told(house: House) -> None:
    await house.app()
    await _destroy(house)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _destroy(house)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_releaser_away_keeps_nobody_from_destroying(house: House, databases: Databases) -> None:
    app = await house.app()
    await house.set(A="1", stage=True)
    house.releaser.down = True
    await _destroy(house)
    # Told once more where the answer was slow to come.
    await until(lambda: set(house.releaser.removed) == {app.app_id})
    assert databases.look("config", "SELECT count(*) FROM drafts") == [(0,)]


async def test_a_token_limited_to_some_apps_lists_these_and_no_namesakes(house: House) -> None:
    names = ("api", "shop", "web")
    ids = {name: (await house.app(name)).app_id for name in names}
    for page_size in (0, 1, 2):
        for apps in ({"web"}, {"api", "web"}, {"absent"}, set[str]()):
            limited = _limited(house, *((name, ids.get(name, "gone")) for name in apps))
            assert await _listed(house, limited, page_size=page_size) == sorted(apps & set(names))
        namesake = _limited(house, ("web", "the id of an app that was destroyed"))
        assert await _listed(house, namesake, page_size=page_size) == []
        assert await _listed(house, house.me, page_size=page_size) == list(names)


async def test_a_namesake_is_a_stranger_to_tokens_and_etags(house: House) -> None:
    former = await house.app()
    limited = _limited(house, ("web", former.app_id))
    await house.set(A="1", me=limited)
    etag = (await house.listed()).etag
    await _destroy(house)
    with pytest.raises(grpc.aio.AioRpcError):
        await house.app(me=limited)
    await house.app()
    await house.set(A="1")
    calls = [
        house.listed(me=limited),
        house.set(A="2", me=limited),
        house.set(A="2", stage=True, me=limited),
        house.set(A="2", validate_only=True, me=limited),
        house.unset("A", me=limited),
        _get(house, "web", me=limited),
        _destroy(house, me=limited),
        house.config.DiscardStaged(
            config_pb2.DiscardStagedRequest(request_id=random_id(), app="web"), metadata=limited
        ),
        house.internal("secrets").ResolveApp(config_pb2.ResolveAppRequest(tenant="acme", app="web"), metadata=limited),
    ]
    for call in calls:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert (await house.config.ListApps(config_pb2.ListAppsRequest(), metadata=limited)).apps == []
    with pytest.raises(grpc.aio.AioRpcError) as stale:
        await house.set(A="2", etag=etag)
    assert stale.value.code() is grpc.StatusCode.ABORTED
    assert await house.vars() == {"A": "1"}


def _limited(house: House, *apps: tuple[str, str]) -> Metadata:
    scope: AppScope = frozenset(apps)
    return house.signer.user(apps=scope, subject="pat:ci")


async def _listed(house: House, me: Metadata, *, page_size: int = 0) -> list[str]:
    """The names on all pages."""
    names: list[str] = []
    request = config_pb2.ListAppsRequest(page_size=page_size)
    while True:
        page = await house.config.ListApps(request, metadata=me)
        names += [app.name for app in page.apps]
        request.page_token = page.next_page_token
        if not request.page_token:
            return names


async def _create(house: House, name: str, *, request_id: str = "", **spec: Any) -> config_pb2.CreateAppResponse:
    request = config_pb2.CreateAppRequest(
        request_id=request_id or random_id(), app=name, spec=config_pb2.AppSpec(**spec)
    )
    answer: config_pb2.CreateAppResponse = await house.config.CreateApp(request, metadata=house.me)
    return answer


async def _update(house: House, **spec: Any) -> config_pb2.UpdateAppResponse:
    request = config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=config_pb2.AppSpec(**spec))
    answer: config_pb2.UpdateAppResponse = await house.config.UpdateApp(request, metadata=house.me)
    return answer


async def _get(house: House, name: str, *, me: Metadata) -> config_pb2.App:
    answer: config_pb2.GetAppResponse = await house.config.GetApp(config_pb2.GetAppRequest(app=name), metadata=me)
    return answer.app


async def _destroy(house: House, *, request_id: str = "", me: Metadata | None = None) -> None:
    request = config_pb2.DestroyAppRequest(request_id=request_id or random_id(), app="web")
    await house.config.DestroyApp(request, metadata=me or house.me)
