"""Past versions: read as they were, restored as a whole, and taken back name by name.

Leaves out the rules of what that comes to (tests/unit/config/test_restore.py).
"""

from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.config.conftest import House


async def test_any_version_can_be_read(house: House) -> None:
    app = await house.app()
    versions = {
        (await house.set(A="1", B="1")).version: {"A": "1", "B": "1"},
        (await house.set(A="2")).version: {"A": "2", "B": "1"},
        (await house.unset("B")).version: {"A": "2"},
        (await house.set(B="3", C="4")).version: {"A": "2", "B": "3", "C": "4"},
    }
    await house.claim(app, "KEY")
    await house.attach("postgres://secret")
    for version, expected in versions.items():
        state = await house.state(app, version)
        assert {each.name: each.value for each in state.vars} == expected
        assert (state.version, list(state.sealed_names)) == (version, [])
    newest = await house.state(app, (await house.listed()).version)
    assert list(newest.sealed_names) == ["KEY", "DATABASE_URL"]
    for absent in (0, newest.version + 1, -1):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.state(app, absent)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_restoring_makes_a_version_and_keeps_its_order(house: House) -> None:
    app = await house.app()
    then = await house.set(A="1", B="2")
    await house.set(A="9", C="3")
    await house.unset("B")
    preview = await _restore(house, app, then.version, validate_only=True)
    assert sorted(each.name for each in preview.changes) == ["A", "B", "C"]
    assert preview.version == then.version + 2, "the newest there is: a release without versions of its own takes it"
    assert len(await house.vars()) == 2
    first, second = [await _restore(house, app, then.version) for _ in range(2)]
    assert first == second
    assert await house.vars() == {"A": "1", "B": "2"}
    assert first.version == then.version + 3
    by = {each.name: each.updated_by for each in (await house.listed()).vars}
    assert set(by.values()) == {"user:zoe"}, "whoever went back made these the live values again"
    await until(lambda: house.releaser.orders[-1].change_id == "change-1")
    order = house.releaser.orders[-1]
    assert (order.config_version, order.actor, order.description) == (first.version, "user:zoe", "Roll back to v1")
    await until(lambda: house.events("config.restore") != [])
    (event,) = house.events("config.restore")
    assert (event.actor, event.on_behalf_of, event.app_id) == ("service:releaser", "user:zoe", app.app_id)


async def test_restoring_brings_the_spec_back(house: House) -> None:
    app = await house.app()
    await _update(house, image="web:2")
    done = await _restore(house, app, 1)
    assert (done.spec_changed, len(done.changes)) == (True, 0)
    assert (await house.state(app, done.version)).spec.image == ""


async def test_a_name_that_became_a_secret_is_refused_or_passed_over(house: House) -> None:
    app = await house.app()
    then = await house.set(A="1", B="2")
    await house.unset("A")
    await house.claim(app, "A")
    await house.set(B="3")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _restore(house, app, then.version)
    assert "A" in str(refused.value.details())
    done = await _restore(house, app, then.version, skip_taken=True)
    assert (list(done.taken), await house.vars()) == (["A"], {"B": "2"})
    await house.give_up(app, "A")
    last = await _restore(house, app, then.version, skip_taken=True, request_id="request-2")
    assert list(last.taken) == []
    assert await house.vars() == {"A": "1", "B": "2"}


async def test_managed_variables_never_go_back(house: House) -> None:
    app = await house.app()
    await house.attach("postgres://old", display="old...")
    then = (await house.listed()).version
    await house.attach("postgres://new", display="new...")
    assert (await _restore(house, app, then)).changes == []
    assert (await _restore(house, app, 1, request_id="request-2")).changes == []
    assert await house.vars() == {"DATABASE_URL": "new..."}


async def test_taking_back_leaves_newer_changes_and_drafts(house: House) -> None:
    app = await house.app()
    good = await house.set(X="old", Y="old", Z="old")
    bad = await house.set(X="bad", Y="bad", NEW="bad")
    await house.set(Y="good")
    await house.set(NOTE="hi", Z="staged", stage=True)
    orders = len(house.releaser.orders)
    first, second = [await _revert(house, app, good.version, bad.version) for _ in range(2)]
    assert first == second
    assert {(each.name, each.action) for each in first.changes} == {
        ("X", config_pb2.ACTION_CHANGED),
        ("NEW", config_pb2.ACTION_REMOVED),
    }
    assert await house.vars() == {"X": "old", "Y": "good", "Z": "old"}
    assert await house.staged() == {"NOTE": "hi", "Z": "staged"}
    await until(lambda: house.events("config.revert") != [])
    (event,) = house.events("config.revert")
    assert (event.on_behalf_of, sorted(event.targets), event.version) == ("user:ada", ["NEW", "X"], first.version)
    assert len(house.releaser.orders) == orders


async def test_taking_back_what_nobody_left_standing_changes_nothing(house: House) -> None:
    app = await house.app()
    good = await house.set(X="old")
    bad = await house.set(X="bad")
    newest = await house.set(X="good")
    done = await _revert(house, app, good.version, bad.version)
    assert (done.version, len(done.changes)) == (newest.version, 0)


async def test_taking_back_a_move_to_a_secret_takes_two_steps(house: House) -> None:
    app = await house.app()
    good = await house.set(X="plain")
    await house.unset("X")
    bad = await house.claim(app, "X")
    first = await _revert(house, app, good.version, bad.version)
    assert (list(first.taken), len(first.changes)) == (["X"], 0)
    await house.give_up(app, "X")
    second = await _revert(house, app, good.version, bad.version, request_id="revert-1-2")
    assert ([each.name for each in second.changes], list(second.taken)) == (["X"], [])
    assert await house.vars() == {"X": "plain"}


async def test_a_version_of_a_long_history_reads_little(house: House, databases: Databases) -> None:
    """Counted in rows that are read: the index of closed rows is what keeps them few, once statistics know of them."""
    app = await house.app()
    await house.set(A="1")
    databases.look(
        "config",
        """INSERT INTO vars (tenant, app_id, name, valid_from, valid_to, kind, value, addon, size, position)
           SELECT 'acme', %s, 'LONG', n, n + 1, 'config', '', '', 1, 9 FROM generate_series(2, 5000) n""",
        (app.app_id,),
    )
    databases.look("config", "ANALYZE vars")
    databases.look("config", "UPDATE apps SET version = 6000")
    # What emptying the tables has cost is counted before it starts.
    databases.look("config", "SELECT pg_stat_force_next_flush()")
    before = _rows_read(databases)
    state = await house.state(app, 6000)
    assert [each.name for each in state.vars] == ["A"]
    # A session tells what it has read as it ends, and up to ten seconds later otherwise.
    sessions = "FROM pg_stat_activity WHERE usename = 'config'"
    ended = [pid for pid, _ in databases.look("config", f"SELECT pid, pg_terminate_backend(pid) {sessions}")]
    await until(lambda: not databases.look("config", f"SELECT {sessions} AND pid = ANY(%s)", (ended,)))
    assert 0 < _rows_read(databases) - before < 100


def _rows_read(databases: Databases) -> int:
    ((count,),) = databases.look(
        "config", "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables WHERE relname = 'vars'"
    )
    return int(count)


async def _restore(house: House, app: config_pb2.App, version: int, **fields: Any) -> config_pb2.RestoreVersionResponse:
    whole = {
        "request_id": "request-1",
        "change_id": "change-1",
        "actor": "user:zoe",
        "description": "Roll back to v1",
        **fields,
    }
    request = config_pb2.RestoreVersionRequest(tenant="acme", app_id=app.app_id, version=version, **whole)
    answer: config_pb2.RestoreVersionResponse = await house.internal("releaser").RestoreVersion(request)
    return answer


async def _revert(
    house: House, app: config_pb2.App, good: int, bad: int, *, request_id: str = "revert-1-1"
) -> config_pb2.RevertChangesResponse:
    request = config_pb2.RevertChangesRequest(
        tenant="acme",
        app_id=app.app_id,
        from_version=good,
        to_version=bad,
        request_id=request_id,
        actor="user:ada",
    )
    answer: config_pb2.RevertChangesResponse = await house.internal("releaser").RevertChanges(request)
    return answer


async def _update(house: House, **spec: Any) -> None:
    request = config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=config_pb2.AppSpec(**spec))
    await house.config.UpdateApp(request, metadata=house.me)
