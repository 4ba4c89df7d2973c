"""config as users meet it: setting, listing and unsetting plain values, and what each causes.

Leaves out what needs secrets (test_names.py) and the pure planning of changes (tests/unit/config).
"""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from tests.fakes.neighbours import Signer
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import few_at_once, until
from tests.integration.variables.conftest import Platform


async def test_set_lists_in_first_set_order_and_asks_for_one_release(platform: Platform) -> None:
    await platform.app()
    change = await platform.set(NODE_ENV="production", LOG_LEVEL="info", API="https://a.example")
    assert change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    assert change.release == 1
    await platform.set(LOG_LEVEL="debug", ALPHA="")
    assert list((await platform.vars()).items()) == [
        ("NODE_ENV", "production"),
        ("LOG_LEVEL", "debug"),
        ("API", "https://a.example"),
        ("ALPHA", ""),
    ]
    assert [order.description for order in platform.releaser.orders] == [
        "Set NODE_ENV, LOG_LEVEL, API",
        "Set LOG_LEVEL, ALPHA",
    ]


async def test_no_change_is_no_version_no_release_no_event(platform: Platform) -> None:
    await platform.app()
    first = await platform.set(A="1")
    second = await platform.set(A="1")
    assert (second.version, second.release_status) == (first.version, config_pb2.RELEASE_STATUS_NONE)
    assert len(platform.releaser.orders) == 1
    await until(lambda: len(platform.audit.events) == 2)
    await asyncio.sleep(0.1)
    assert [event.action for event in platform.audit.events] == ["apps.create", "config.set"]


async def test_event_names_what_changed_and_no_value(platform: Platform) -> None:
    await platform.app()
    await platform.set(A="value-that-must-not-show", B="2")
    await until(lambda: len(platform.audit.events) == 2)
    event = platform.audit.events[1]
    assert (event.action, event.actor, event.app, list(event.targets)) == (
        "config.set",
        "user:ada@example.com",
        "web",
        ["A", "B"],
    )
    assert event.client_address == "203.0.113.9"
    assert b"value-that-must-not-show" not in event.SerializeToString()


async def test_all_bad_items_are_named_and_nothing_is_stored(platform: Platform) -> None:
    await platform.app()
    request = config_pb2.SetVarsRequest(
        request_id=random_id(),
        app="web",
        vars=[
            config_pb2.Assignment(name=name, value=value)
            for name, value in [
                ("GOOD", "1"),
                ("2BAD", "x"),
                ("PATH", "x"),
                ("PAAS_X", "x"),
                ("NUL", "a\0b"),
                ("BIG", "x" * (64 * 1024 + 1)),
                ("TWICE", "1"),
                ("TWICE", "2"),
            ]
        ],
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.config.SetVars(request, metadata=platform.me)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    for name in ("2BAD", "PATH", "PAAS_X", "NUL", "BIG", "TWICE"):
        assert name in str(refused.value.details())
    assert "GOOD" not in str(refused.value.details())
    assert await platform.vars() == {}


async def test_limits_hold_at_the_edge(platform: Platform) -> None:
    await platform.app()
    await platform.set(**{"A" * 128: "x" * (64 * 1024)})
    with pytest.raises(grpc.aio.AioRpcError):
        await platform.set(**{"A" * 129: "x"})
    for index in range(6):
        await platform.set(**{f"BIG{index}": "x" * (64 * 1024)})
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.set(ONE_TOO_MANY="x" * (64 * 1024))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "512 KiB" in str(refused.value.details())


async def test_500_names_and_not_one_more(platform: Platform) -> None:
    await platform.app()
    await platform.set(**{f"N{index}": "x" for index in range(500)})
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.set(ANOTHER="x")
    assert "500" in str(refused.value.details())
    assert len(await platform.vars()) == 500


async def test_unset_names_what_is_missing(platform: Platform) -> None:
    await platform.app()
    await platform.set(A="1", B="2")
    request = config_pb2.UnsetVarsRequest(request_id=random_id(), app="web", names=["A", "GONE"])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.config.UnsetVars(request, metadata=platform.me)
    assert "GONE" in str(refused.value.details())
    assert await platform.vars() == {"A": "1", "B": "2"}
    request.ignore_missing = True
    request.request_id = random_id()
    change = (await platform.config.UnsetVars(request, metadata=platform.me)).change
    assert [each.name for each in change.changes] == ["A"]
    assert await platform.vars() == {"B": "2"}


async def test_same_request_id_has_one_effect_and_one_answer(platform: Platform) -> None:
    await platform.app()
    request_id = random_id()
    changes = await asyncio.gather(*(platform.set(A="1", request_id=request_id) for _ in range(8)))
    assert len({change.SerializeToString() for change in changes}) == 1
    assert len(platform.releaser.orders) == 1
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.set(OTHER="1", request_id=request_id)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_same_request_id_for_another_spec_is_refused(platform: Platform) -> None:
    await platform.app()
    request = config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=config_pb2.AppSpec(image="web:1"))
    first = await platform.config.UpdateApp(request, metadata=platform.me)
    assert await platform.config.UpdateApp(request, metadata=platform.me) == first
    request.spec.image = "web:2"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.config.UpdateApp(request, metadata=platform.me)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_concurrent_sets_of_one_name_are_all_kept_in_some_order(platform: Platform, databases: Databases) -> None:
    await platform.app()
    changes = await few_at_once((platform.set(A=str(index)) for index in range(20)), limit=8)
    assert sorted(change.version for change in changes) == list(range(2, 22))
    assert databases.look("config", "SELECT count(*) FROM vars WHERE name = 'A' AND valid_to IS NULL") == [(1,)]
    assert databases.look("config", "SELECT count(*) FROM vars WHERE name = 'A'") == [(20,)]


async def test_etag_refuses_a_change_in_between(platform: Platform) -> None:
    await platform.app()
    await platform.set(A="1")
    listed = await platform.config.ListVars(config_pb2.ListVarsRequest(app="web"), metadata=platform.me)
    await platform.set(A="2")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.set(A="3", etag=listed.etag)
    assert refused.value.code() is grpc.StatusCode.ABORTED


async def test_stage_and_dry_run_release_nothing(platform: Platform) -> None:
    await platform.app()
    staged = await platform.set(A="1", stage=True)
    assert staged.release_status == config_pb2.RELEASE_STATUS_STAGED
    dry = await platform.set(A="2", B="1", validate_only=True)
    assert [(each.name, each.action) for each in dry.changes] == [
        ("A", config_pb2.ACTION_CHANGED),
        ("B", config_pb2.ACTION_ADDED),
    ]
    assert await platform.vars() == {"A": "1"}
    assert platform.releaser.orders == []


async def test_releaser_away_keeps_the_change_and_delivers_later(platform: Platform) -> None:
    await platform.app()
    platform.releaser.down = True
    change = await platform.set(A="1")
    assert change.release_status == config_pb2.RELEASE_STATUS_PENDING
    assert await platform.vars() == {"A": "1"}
    platform.releaser.down = False
    await until(lambda: len(platform.releaser.orders) == 1)
    assert platform.releaser.orders[0].change_id == change.change_id


async def test_foreign_and_absent_apps_answer_the_same(platform: Platform) -> None:
    await platform.app("theirs", me=platform.signer.user(tenant="rival"))
    answers = set()
    for app in ("theirs", "absent"):
        calls = [
            platform.config.ListVars(config_pb2.ListVarsRequest(app=app), metadata=platform.me),
            platform.config.GetApp(config_pb2.GetAppRequest(app=app), metadata=platform.me),
            platform.set(app, A="1"),
            platform.reveal("A", app),
        ]
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call
            answers.add((refused.value.code(), str(refused.value.details()).replace(app, "?")))
    assert len(answers) == 1
    assert answers.pop()[0] is grpc.StatusCode.NOT_FOUND


async def test_expired_forged_and_foreign_identities_are_refused(platform: Platform) -> None:
    await platform.app()
    for metadata in (
        platform.signer.user(lifetime=timedelta(seconds=-10)),
        platform.signer.user(lifetime=timedelta(days=1)),
        Signer().user(),
        (("x-paas-identity", "not a token"),),
        platform.me * 2,
        (),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await platform.config.ListVars(config_pb2.ListVarsRequest(app="web"), metadata=metadata)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_denied_attempt_is_recorded(platform: Platform) -> None:
    await platform.app()
    viewer = platform.signer.user(permissions=frozenset({"config.read"}), subject="user:eve@example.com")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.set(A="1", me=viewer)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    await until(lambda: len(platform.audit.events) == 2)
    assert platform.audit.events[1].action == "config.set"
    assert platform.audit.events[1].actor == "user:eve@example.com"


async def test_destroyed_app_is_gone_everywhere_and_its_name_is_free(platform: Platform, databases: Databases) -> None:
    app = await platform.app()
    await platform.seal(KEY="secret-of-the-old-app")
    request = config_pb2.DestroyAppRequest(request_id=random_id(), app="web")
    await platform.config.DestroyApp(request, metadata=platform.me)
    await platform.config.DestroyApp(request, metadata=platform.me)
    await until(lambda: platform.releaser.removed == [app.app_id])
    await until(lambda: databases.look("secrets", "SELECT count(*) FROM sealed") == [(0,)])
    await until(lambda: databases.look("config", "SELECT count(*) FROM outbox WHERE destination <> 'audit'") == [(0,)])
    await platform.app()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.reveal("KEY")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_malformed_bytes_are_refused_in_constant_words(platform: Platform) -> None:
    raw: Any = platform.channels["config", "gateway"].unary_unary("/paas.config.v1.ConfigService/SetVars")
    for payload in (b"\xff" * 50, b"\x12\x04\xff\xfe\xfd\xfc", b"\x1a" * 10_000):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await raw(payload, metadata=platform.me)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert refused.value.details() == "The request is not a valid message of this method."


async def test_request_over_a_mebibyte_is_refused(platform: Platform) -> None:
    await platform.app()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await platform.set(A="x" * (2 * 1024 * 1024))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
