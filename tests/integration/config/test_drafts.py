"""Drafts of config: staging changes nothing that is live, lists show both, and releasing or discarding ends it.

Leaves out the pure rules of what staging and releasing come to (tests/unit/config/test_drafts.py), and what releaser
makes of a draft.
"""

import asyncio
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.config.conftest import House


async def test_staging_changes_nothing_that_is_live(house: House) -> None:
    app = await house.app()
    live = await house.set(A="1", B="2")
    staged = await house.set(A="9", C="3", stage=True)
    assert staged.release_status == config_pb2.RELEASE_STATUS_STAGED
    assert staged.version == live.version
    assert [(each.name, each.action) for each in staged.changes] == [
        ("A", config_pb2.ACTION_CHANGED),
        ("C", config_pb2.ACTION_ADDED),
    ]
    await house.unset("B", stage=True)
    listed = await house.listed()
    assert {each.name: each.value for each in listed.vars} == {"A": "1", "B": "2"}
    assert [(each.name, each.action, each.value, each.staged_by) for each in listed.staged] == [
        ("A", config_pb2.ACTION_CHANGED, "9", "user:ada@example.com"),
        ("B", config_pb2.ACTION_REMOVED, "", "user:ada@example.com"),
        ("C", config_pb2.ACTION_ADDED, "3", "user:ada@example.com"),
    ]
    assert not any(each.replaces_newer for each in listed.staged)
    assert listed.version == live.version
    assert (await house.state(app, live.version)).vars[0].value == "1"
    assert len(house.releaser.orders) == 1
    await until(lambda: len(house.events("config.stage")) == 2)
    event = house.events("config.stage")[0]
    assert (event.app_id, list(event.targets), event.version) == (app.app_id, ["A", "C"], live.version)
    assert b"9" not in event.targets[0].encode()


async def test_staging_needs_a_fresh_etag_and_makes_the_former_stale(house: House) -> None:
    await house.app()
    etag = (await house.listed()).etag
    await house.set(A="1", stage=True, etag=etag)
    for change in ({"A": "2", "stage": True}, {"A": "2"}):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.set(**change, etag=etag)
        assert refused.value.code() is grpc.StatusCode.ABORTED
    await house.set(A="2", etag=(await house.listed()).etag)


async def test_a_set_of_a_staged_name_wins_now_and_the_draft_waits(house: House) -> None:
    app = await house.app()
    await house.set(X="old")
    await house.set(X="staged", stage=True)
    await house.set(X="newer")
    assert await house.vars() == {"X": "newer"}
    (staged,) = (await house.listed()).staged
    assert (staged.value, staged.replaces_newer) == ("staged", True)
    draft = await _draft(house, app)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _release(house, app, revision=draft.revision)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "X" in str(refused.value.details())
    assert await house.staged() == {"X": "staged"}
    done = await _release(house, app, revision=draft.revision, replace_newer=True)
    assert [(each.name, each.replaces_newer) for each in done.vars] == [("X", True)]
    assert await house.vars() == {"X": "staged"}


async def test_a_released_draft_says_who_staged_what(house: House, databases: Databases) -> None:
    app = await house.app()
    live = await house.set(A="1")
    bob = house.signer.user(subject="user:bob@example.com", token_id="t2")
    await house.set(B="2", stage=True)
    await house.unset("A", stage=True, me=bob)
    await _stage_spec(house, image="web:2")
    draft = await _draft(house, app)
    assert (draft.spec.spec.image, draft.spec.staged_by) == ("web:2", "user:ada@example.com")
    done = await _release(house, app, revision=draft.revision)
    assert done.version == live.version + 1
    assert [(each.name, each.action, each.staged_by) for each in done.vars] == [
        ("B", config_pb2.ACTION_ADDED, "user:ada@example.com"),
        ("A", config_pb2.ACTION_REMOVED, "user:bob@example.com"),
    ]
    assert done.spec.staged_by == "user:ada@example.com"
    assert await house.vars() == {"B": "2"}
    assert await house.staged() == {}
    after = await _draft(house, app)
    assert (after.HasField("revision"), len(after.vars), after.HasField("spec")) == (False, 0, False)
    state = await house.state(app, done.version)
    assert (state.spec.image, [each.name for each in state.vars]) == ("web:2", ["B"])
    # Its order is kept, and sent by whoever released the draft; config sends it only if nobody did for a while.
    assert len(house.releaser.orders) == 1
    await until(lambda: len(house.releaser.orders) == 2)
    order = house.releaser.orders[-1]
    assert (order.change_id, order.actor, order.config_version) == ("change-of-draft", "user:zoe", done.version)
    assert order.description == "Release the draft"
    assert [(each.name, each.actor, each.HasField("staged_at")) for each in order.changes] == [
        ("", "user:ada@example.com", True),
        ("B", "user:ada@example.com", True),
        ("A", "user:bob@example.com", True),
    ]
    await until(lambda: house.events("config.release") != [])
    (event,) = house.events("config.release")
    assert (event.actor, event.on_behalf_of, list(event.targets)) == ("service:releaser", "user:zoe", ["B", "A"])
    assert {each.updated_by for each in (await house.listed()).vars if each.name in ("A", "B")} == {"user:zoe"}


async def test_a_draft_goes_live_once_per_request_id(house: House) -> None:
    app = await house.app()
    await house.set(A="1", stage=True)
    draft = await _draft(house, app)
    answers = await asyncio.gather(*(_release(house, app, revision=draft.revision) for _ in range(10)))
    assert len({answer.SerializeToString() for answer in answers}) == 1
    nothing = await _release(house, app, revision=draft.revision, request_id="request-2")
    assert not nothing.HasField("version")


async def test_a_draft_of_what_is_live_by_now_is_used_up_and_changes_nothing(house: House) -> None:
    app = await house.app()
    await house.set(A="1", stage=True)
    live = await house.set(A="1")
    draft = await _draft(house, app)
    assert (draft.HasField("revision"), list(draft.vars)) == (True, [])
    done = await _release(house, app, revision=draft.revision)
    assert (done.HasField("version"), done.used_up) == (False, 1)
    assert await _release(house, app, revision=draft.revision) == done
    assert (await house.staged(), (await house.listed()).version) == ({}, live.version)
    assert (await _release(house, app, revision=draft.revision, request_id="request-2")).used_up == 0


async def test_what_is_staged_after_the_revision_stays_staged(house: House) -> None:
    app = await house.app()
    await house.set(A="1", B="1", stage=True)
    draft = await _draft(house, app)
    await house.set(B="2", C="3", stage=True)
    await _release(house, app, revision=draft.revision)
    assert await house.vars() == {"A": "1"}
    assert await house.staged() == {"B": "2", "C": "3"}


async def test_discarding_leaves_the_live_values(house: House) -> None:
    app = await house.app()
    await house.set(A="1")
    await house.set(A="2", B="3", stage=True)
    await house.unset("A", stage=True)
    one = await _discard(house, "A", "NOT_STAGED")
    assert [(each.name, each.action) for each in one.changes] == [("A", config_pb2.ACTION_REMOVED)]
    assert await house.staged() == {"B": "3"}
    await _stage_spec(house, image="web:2")
    rest = await _discard(house)
    assert ([each.name for each in rest.changes], rest.spec) == (["B"], False)
    assert (await _discard(house, spec=True)).spec
    assert await house.vars() == {"A": "1"}
    assert not (await _draft(house, app)).HasField("revision")
    assert (await _discard(house)).changes == []
    await until(lambda: len(house.events("config.discard")) == 2 and len(house.events("apps.discard")) == 1)


async def test_discarding_a_spec_needs_the_permission_to_write_apps(house: House) -> None:
    await house.app()
    await _stage_spec(house, image="web:2")
    writer = house.signer.user(permissions=frozenset({"config.write"}))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _discard(house, spec=True, me=writer)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert not (await _discard(house, "A", me=writer)).spec


async def test_discarding_without_names_needs_the_permission_to_read_them(house: House) -> None:
    await house.app()
    await house.set(A="1", stage=True)
    writer = house.signer.user(permissions=frozenset({"config.write"}))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _discard(house, me=writer)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert [each.name for each in (await _discard(house, "A", me=writer)).changes] == ["A"]


async def test_a_staged_spec_is_shown_and_the_live_one_runs(house: House) -> None:
    await house.app()
    staged = await _stage_spec(house, image="web:2", instances=1)
    assert staged.change.release_status == config_pb2.RELEASE_STATUS_STAGED
    assert staged.app.spec.image == ""
    shown = await house.config.GetApp(config_pb2.GetAppRequest(app="web"), metadata=house.me)
    assert (shown.staged_spec.spec.image, shown.staged_spec.replaces_newer) == ("web:2", False)
    live = config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=config_pb2.AppSpec(image="web:3"))
    await house.config.UpdateApp(live, metadata=house.me)
    shown = await house.config.GetApp(config_pb2.GetAppRequest(app="web"), metadata=house.me)
    assert (shown.app.spec.image, shown.staged_spec.replaces_newer) == ("web:3", True)


async def test_limits_hold_for_live_and_staged_together(house: House) -> None:
    app = await house.app()
    await house.set(**{f"N{index}": "x" for index in range(250)})
    await house.set(**{f"S{index}": "x" for index in range(250)}, stage=True)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.set(ONE_MORE="x", stage=True)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await house.set(ONE_MORE="x")
    draft = await _draft(house, app)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _release(house, app, revision=draft.revision)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await house.unset("N0")
    assert (await _release(house, app, revision=draft.revision, request_id="request-2")).HasField("version")


async def test_drafts_of_one_tenant_are_nobody_elses(house: House) -> None:
    app = await house.app()
    await house.set(A="1", stage=True)
    foreign = config_pb2.GetDraftRequest(tenant="rival", app_id=app.app_id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await house.internal("releaser").GetDraft(foreign)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def _draft(house: House, app: config_pb2.App) -> config_pb2.GetDraftResponse:
    request = config_pb2.GetDraftRequest(tenant="acme", app_id=app.app_id)
    answer: config_pb2.GetDraftResponse = await house.internal("releaser").GetDraft(request)
    return answer


async def _release(house: House, app: config_pb2.App, **fields: Any) -> config_pb2.ReleaseDraftResponse:
    whole = {
        "request_id": "request-1",
        "change_id": "change-of-draft",
        "actor": "user:zoe",
        "description": "Release the draft",
        **fields,
    }
    request = config_pb2.ReleaseDraftRequest(tenant="acme", app_id=app.app_id, **whole)
    answer: config_pb2.ReleaseDraftResponse = await house.internal("releaser").ReleaseDraft(request)
    return answer


async def _discard(house: House, *names: str, me: Any = None, **fields: Any) -> config_pb2.DiscardStagedResponse:
    request = config_pb2.DiscardStagedRequest(request_id=random_id(), app="web", names=names, **fields)
    answer: config_pb2.DiscardStagedResponse = await house.config.DiscardStaged(request, metadata=me or house.me)
    return answer


async def _stage_spec(house: House, **spec: Any) -> config_pb2.UpdateAppResponse:
    request = config_pb2.UpdateAppRequest(
        request_id=random_id(), app="web", spec=config_pb2.AppSpec(**spec), stage=True
    )
    answer: config_pb2.UpdateAppResponse = await house.config.UpdateApp(request, metadata=house.me)
    return answer
