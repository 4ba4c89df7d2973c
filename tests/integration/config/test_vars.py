"""config as users meet it: setting, listing and unsetting plain values, and what each causes.

Leaves out drafts (test_drafts.py), apps as a whole (test_apps.py), request ids (test_requests.py) and the pure planning
of changes (tests/unit/config).
"""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from tests.fakes.neighbours import Signer
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.config.conftest import House


async def test_set_lists_in_first_set_order_and_asks_for_one_release(house: House) -> None:
    await house.app()
    change = await house.set(NODE_ENV="production", LOG_LEVEL="info", API="https://a.example")
    assert change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    assert change.release == 1
    await house.set(LOG_LEVEL="debug", ALPHA="")
    assert list((await house.vars()).items()) == [
        ("NODE_ENV", "production"),
        ("LOG_LEVEL", "debug"),
        ("API", "https://a.example"),
        ("ALPHA", ""),
    ]
    assert [order.description for order in house.releaser.orders] == [
        "Set NODE_ENV, LOG_LEVEL, API",
        "Set LOG_LEVEL, ALPHA",
    ]


async def test_no_change_is_no_version_no_release_no_event(house: House) -> None:
    await house.app()
    first = await house.set(A="1")
    second = await house.set(A="1")
    assert (second.version, second.release_status) == (first.version, config_pb2.RELEASE_STATUS_NONE)
    assert len(house.releaser.orders) == 1
    await until(lambda: len(house.audit.events) == 2)
    await asyncio.sleep(0.1)
    assert [event.action for event in house.audit.events] == ["apps.create", "config.set"]


async def test_event_names_what_changed_and_no_value(house: House) -> None:
    app = await house.app()
    await house.set(A="value-that-must-not-show", B="2")
    await until(lambda: len(house.audit.events) == 2)
    event = house.audit.events[1]
    assert (event.action, event.actor, event.app, event.app_id, list(event.targets), event.version) == (
        "config.set",
        "user:ada@example.com",
        "web",
        app.app_id,
        ["A", "B"],
        2,
    )
    assert event.client_address == "203.0.113.9"
    assert b"value-that-must-not-show" not in event.SerializeToString()


async def test_an_earlier_version_is_listed_without_what_is_sealed_by_now(house: House) -> None:
    app = await house.app()
    await house.set(A="1", GOES="x", SEALED="plain once")
    listed = await house.listed()
    await house.set(A="2", NEW="n")
    await house.unset("GOES", "SEALED")
    await house.claim(app, "SEALED")

    async def then(version: int, *, page_token: str = "") -> config_pb2.ListVarsResponse:
        request = config_pb2.ListVarsRequest(app="web", version=version, page_size=1, page_token=page_token)
        answer: config_pb2.ListVarsResponse = await house.config.ListVars(request, metadata=house.me)
        return answer

    first = await then(listed.version)
    rest = await then(listed.version, page_token=first.next_page_token)
    assert [(var.name, var.value) for var in (*first.vars, *rest.vars)] == [("A", "1"), ("GOES", "x")]
    assert (rest.version, rest.next_page_token) == (listed.version, "")
    now = await house.listed()
    assert {var.name: var.value for var in now.vars} == {"A": "2", "NEW": "n"}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await then(now.version + 1)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_all_bad_items_are_named_and_nothing_is_stored(house: House) -> None:
    await house.app()
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
        await house.config.SetVars(request, metadata=house.me)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    for name in ("2BAD", "PATH", "PAAS_X", "NUL", "BIG", "TWICE"):
        assert name in str(refused.value.details())
    assert "GOOD" not in str(refused.value.details())
    assert await house.vars() == {}


async def test_limits_hold_at_the_edge(house: House) -> None:
    await house.app()
    await house.set(**{"A" * 128: "x" * (64 * 1024)})
    with pytest.raises(grpc.aio.AioRpcError):
        await house.set(**{"A" * 129: "x"})
    for index in range(6):
        await house.set(**{f"BIG{index}": "x" * (64 * 1024)})
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.set(ONE_TOO_MANY="x" * (64 * 1024))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "512 KiB" in str(refused.value.details())


async def test_500_names_and_not_one_more(house: House) -> None:
    await house.app()
    await house.set(**{f"N{index}": "x" for index in range(500)})
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.set(ANOTHER="x")
    assert "500" in str(refused.value.details())
    assert len(await house.vars()) == 500


async def test_unset_names_what_is_missing(house: House) -> None:
    await house.app()
    await house.set(A="1", B="2")
    request = config_pb2.UnsetVarsRequest(request_id=random_id(), app="web", names=["A", "GONE"])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.config.UnsetVars(request, metadata=house.me)
    assert "GONE" in str(refused.value.details())
    assert await house.vars() == {"A": "1", "B": "2"}
    request.ignore_missing = True
    request.request_id = random_id()
    change = (await house.config.UnsetVars(request, metadata=house.me)).change
    assert [each.name for each in change.changes] == ["A"]
    assert await house.vars() == {"B": "2"}


async def test_concurrent_sets_of_one_name_are_all_kept_in_some_order(house: House, databases: Databases) -> None:
    await house.app()
    changes = await asyncio.gather(*(house.set(A=str(index)) for index in range(20)))
    assert sorted(change.version for change in changes) == list(range(2, 22))
    assert databases.look("config", "SELECT count(*) FROM vars WHERE name = 'A' AND valid_to IS NULL") == [(1,)]
    assert databases.look("config", "SELECT count(*) FROM vars WHERE name = 'A'") == [(20,)]


async def test_etag_refuses_a_change_in_between(house: House) -> None:
    await house.app()
    await house.set(A="1")
    listed = await house.config.ListVars(config_pb2.ListVarsRequest(app="web"), metadata=house.me)
    await house.set(A="2")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.set(A="3", etag=listed.etag)
    assert refused.value.code() is grpc.StatusCode.ABORTED


async def test_dry_run_says_what_would_change_and_changes_nothing(house: House) -> None:
    await house.app()
    live = await house.set(A="1")
    dry = await house.set(A="2", B="1", validate_only=True)
    assert [(each.name, each.action) for each in dry.changes] == [
        ("A", config_pb2.ACTION_CHANGED),
        ("B", config_pb2.ACTION_ADDED),
    ]
    assert (dry.version, dry.change_id) == (live.version, "")
    assert await house.vars() == {"A": "1"}
    assert len(house.releaser.orders) == 1


async def test_an_order_names_its_version_and_what_it_changes(house: House) -> None:
    app = await house.app()
    await house.set(A="1", B="2")
    change = await house.unset("A")
    order = house.releaser.orders[-1]
    assert (order.app_id, order.app, order.actor) == (app.app_id, "web", "user:ada@example.com")
    assert (order.config_version, order.HasField("secrets_version")) == (change.version, False)
    assert [(each.name, each.action, each.secret, each.actor) for each in order.changes] == [
        ("A", config_pb2.ACTION_REMOVED, False, "user:ada@example.com")
    ]


async def test_releaser_away_keeps_the_change_and_delivers_later(house: House) -> None:
    await house.app()
    house.releaser.down = True
    change = await house.set(A="1")
    assert change.release_status == config_pb2.RELEASE_STATUS_PENDING
    assert await house.vars() == {"A": "1"}
    house.releaser.down = False
    await until(lambda: len(house.releaser.orders) == 1)
    assert house.releaser.orders[0].change_id == change.change_id


async def test_foreign_and_absent_apps_answer_the_same(house: House) -> None:
    await house.app("theirs", me=house.signer.user(tenant="rival"))
    answers = set()
    for app in ("theirs", "absent"):
        calls = [
            house.config.ListVars(config_pb2.ListVarsRequest(app=app), metadata=house.me),
            house.config.GetApp(config_pb2.GetAppRequest(app=app), metadata=house.me),
            house.set(app, A="1"),
            house.unset("A", app=app, ignore_missing=True),
            house.set(app, A="1", stage=True),
            house.set(app, A="1", validate_only=True),
        ]
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call
            answers.add((refused.value.code(), str(refused.value.details()).replace(app, "?")))
    assert len(answers) == 1
    assert answers.pop()[0] is grpc.StatusCode.NOT_FOUND


async def test_expired_forged_and_foreign_identities_are_refused(house: House) -> None:
    await house.app()
    for metadata in (
        house.signer.user(lifetime=timedelta(seconds=-10)),
        house.signer.user(lifetime=timedelta(days=1)),
        Signer().user(),
        (("x-paas-identity", "not a token"),),
        house.me * 2,
        (),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.config.ListVars(config_pb2.ListVarsRequest(app="web"), metadata=metadata)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_denied_attempt_is_recorded(house: House) -> None:
    await house.app()
    viewer = house.signer.user(permissions=frozenset({"config.read"}), subject="user:eve@example.com")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.set(A="1", me=viewer)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    await until(lambda: len(house.audit.events) == 2)
    assert house.audit.events[1].action == "config.set"
    assert house.audit.events[1].actor == "user:eve@example.com"
    assert list(house.audit.events[1].targets) == ["A"]


async def test_malformed_bytes_are_refused_in_constant_words(house: House) -> None:
    raw: Any = house.channels["gateway"].unary_unary("/paas.config.v1.ConfigService/SetVars")
    for payload in (b"\xff" * 50, b"\x12\x04\xff\xfe\xfd\xfc", b"\x1a" * 10_000):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await raw(payload, metadata=house.me)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert refused.value.details() == "The request is not a valid message of this method."


async def test_request_over_a_mebibyte_is_refused(house: House) -> None:
    await house.app()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.set(A="x" * (2 * 1024 * 1024))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_changes_of_many_apps_that_arrive_together_stay_apart(house: House) -> None:
    """What arrives while others are under way is looked at and written in the same statements."""
    names = [f"app-{number}" for number in range(8)]
    for name in names:
        await house.app(name)
        await house.set(name, OLD="1", GONE="1")
    limited = house.signer.user(token_id="t2", apps=frozenset({("app-0", "another-app-of-the-name")}))
    again = {"request_id": random_id()}
    outcomes = await asyncio.gather(
        *(house.set(name, OLD=f"of {name}", NEW=name, **(again if name == "app-7" else {})) for name in names),
        *(house.unset("GONE", app=name) for name in names[1:4]),
        house.set("app-0", NEW="by a token of its former namesake", me=limited),
        house.set("absent", NEW="x"),
        house.set("app-7", OLD="something else", **again),
        return_exceptions=True,
    )
    refused = [each.code().name for each in outcomes if isinstance(each, grpc.aio.AioRpcError)]
    assert refused == ["PERMISSION_DENIED", "NOT_FOUND", "INVALID_ARGUMENT"]
    for number, name in enumerate(names):
        gone = {} if number in {1, 2, 3} else {"GONE": "1"}
        assert await house.vars(name) == {"OLD": f"of {name}", "NEW": name, **gone}
        assert (await house.listed(name)).version == (4 if gone == {} else 3)
    await until(lambda: len(house.releaser.orders) == 19)

    def sets() -> list[str]:
        return [event.app for event in house.events("config.set") if event.outcome == audit_pb2.OUTCOME_OK]

    await until(lambda: len(sets()) >= 16)
    assert sorted(sets()) == sorted(names * 2)


async def test_a_variable_says_when_it_became_what_it_is_and_by_whom(house: House) -> None:
    """By the row that is live: setting the same again, or another, is no change of it."""
    await house.app()
    await house.set(A="1", B="1")
    bob = house.signer.user(subject="user:bob@example.com", token_id="t2")
    first = await house.set(B="2", me=bob)
    await house.set(A="1", C="1")
    listed = {each.name: each for each in (await house.listed()).vars}
    assert {name: each.updated_by for name, each in listed.items()} == {
        "A": "user:ada@example.com",
        "B": "user:bob@example.com",
        "C": "user:ada@example.com",
    }
    assert listed["B"].version == first.version
    times = [listed[name].updated_at.ToDatetime() for name in ("A", "B", "C")]
    assert times == sorted(times)


async def test_of_a_variable_of_before_it_is_not_known(house: House, databases: Databases) -> None:
    await house.app()
    await house.set(A="1")
    databases.look("config", "UPDATE vars SET changed_at = NULL, changed_by = ''")
    (var,) = (await house.listed()).vars
    assert (var.HasField("updated_at"), var.updated_by, var.value) == (False, "", "1")
