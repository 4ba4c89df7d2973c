"""Going back: to a version for a rollback, and from what a failed release changed.

Covers values, names in config, overlaps, drafts and repeated requests. The rules alone are in
tests/unit/secrets/test_way_back.py.
"""

import grpc
import pytest
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id
from tests.fixtures.waiting import until
from tests.integration.secrets.conftest import Secrets

ADDED, CHANGED, REMOVED = config_pb2.ACTION_ADDED, config_pb2.ACTION_CHANGED, config_pb2.ACTION_REMOVED


def _changes(answer: secrets_pb2.RestoreVersionResponse | secrets_pb2.RevertChangesResponse) -> dict[str, int]:
    return {each.name: each.action for each in answer.changes}


async def test_restore_makes_everything_what_it_was(secrets: Secrets) -> None:
    then = await secrets.set(A="old", B="same", GONE="x")
    await secrets.set(A="new", D="added")
    await secrets.unset("GONE")
    preview = await secrets.restore(then.version, validate_only=True)
    assert (preview.version, _changes(preview)) == (3, {"A": CHANGED, "GONE": ADDED, "D": REMOVED})
    assert await secrets.values() == {"A": "new", "B": "same", "D": "added"}
    known = {"request_id": random_id(), "change_id": random_id()}
    answers = [await secrets.restore(then.version, **known) for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0].version, _changes(answers[0])) == (4, _changes(preview))
    assert await secrets.values() == {"A": "old", "B": "same", "GONE": "x"}
    assert secrets.registry.secrets(secrets.app_id) == ["A", "B", "GONE"]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.restore(2, **known)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    event = next(event for event in await secrets.events() if event.action == "secrets.restore")
    assert (event.actor, event.on_behalf_of, event.version) == ("service:releaser", "user:ada", 4)
    await until(lambda: secrets.releaser.orders[-1].change_id == known["change_id"])
    order = secrets.releaser.orders[-1]
    assert (order.secrets_version, order.config_version) == (4, 5)


async def test_restore_of_version_0_is_of_nothing_at_all(secrets: Secrets) -> None:
    assert await secrets.restore(0) == secrets_pb2.RestoreVersionResponse(version=0)
    await secrets.set(A="1")
    await secrets.attach("postgres://u:p@h/d")
    assert _changes(await secrets.restore(0)) == {"A": REMOVED}
    assert await secrets.resolve(3, "A", "DATABASE_URL") == {"DATABASE_URL": "postgres://u:p@h/d"}
    assert secrets.registry.secrets(secrets.app_id) == []


async def test_restore_passes_over_what_is_something_else_now(secrets: Secrets) -> None:
    then = await secrets.set(PLAIN="1", DATABASE_URL="mine", BACK="b")
    await secrets.unset("PLAIN", "DATABASE_URL", "BACK")
    secrets.registry.take(secrets.app_id, "PLAIN")
    await secrets.attach("postgres://u:p@h/d")
    for fields in ({"validate_only": True}, {}):
        answer = await secrets.restore(then.version, **fields)
        assert sorted(answer.taken) == ["DATABASE_URL", "PLAIN"]
        assert _changes(answer) == {"BACK": ADDED}
    assert await secrets.values() == {"BACK": "b"}
    await until(secrets.names_at_rest)


async def test_revert_takes_back_what_changed_and_still_stands(secrets: Secrets) -> None:
    good = await secrets.set(A="a", B="b", C="c", GONE="g")
    await secrets.set(A="bad", B="bad", NEW="bad")
    bad = await secrets.unset("GONE")
    await secrets.set(B="better")  # newer than what failed: it stands
    await secrets.set(C="draft", D="draft", stage=True)
    known = {"request_id": "revert-web-12-1"}
    answers = [await secrets.revert(good.version, bad.version, **known) for _ in range(2)]
    assert answers[0] == answers[1]
    assert _changes(answers[0]) == {"A": CHANGED, "GONE": ADDED, "NEW": REMOVED}
    assert answers[0].version == 5
    assert await secrets.values() == {"A": "a", "B": "better", "C": "c", "GONE": "g"}
    assert sorted(each.name for each in (await secrets.draft()).secrets) == ["C", "D"]
    assert secrets.registry.secrets(secrets.app_id) == ["A", "B", "C", "D", "GONE"]
    event = next(event for event in await secrets.events() if event.action == "secrets.revert")
    assert (sorted(event.targets), event.on_behalf_of, event.version) == (["A", "GONE", "NEW"], "user:ada", 5)
    # One more order, sent at once or kept for later, would have arrived by now.
    await until(lambda: secrets.look("SELECT count(*) FROM outbox WHERE destination = 'releaser'") == [(0,)])
    assert len(secrets.releaser.orders) == 4, "whoever takes back releases"


async def test_revert_of_what_was_replaced_since_is_nothing(secrets: Secrets) -> None:
    good = await secrets.set(A="a")
    bad = await secrets.set(A="bad")
    await secrets.set(A="good again")
    answer = await secrets.revert(good.version, bad.version)
    assert (answer.version, list(answer.changes)) == (3, [])
    assert await secrets.values() == {"A": "good again"}


async def test_revert_to_before_the_first_secret(secrets: Secrets) -> None:
    bad = await secrets.set(A="bad")
    assert _changes(await secrets.revert(0, bad.version)) == {"A": REMOVED}
    assert await secrets.values() == {}
    assert secrets.registry.secrets(secrets.app_id) == []


async def test_revert_passes_over_what_is_something_else_now(secrets: Secrets) -> None:
    good = await secrets.set(PLAIN="1", BACK="b")
    bad = await secrets.unset("PLAIN", "BACK")
    secrets.registry.take(secrets.app_id, "PLAIN")
    answer = await secrets.revert(good.version, bad.version)
    assert (_changes(answer), list(answer.taken)) == ({"BACK": ADDED}, ["PLAIN"])


async def test_revert_returns_once_config_has_heard_of_the_names(secrets: Secrets) -> None:
    """Config takes its vars back next, and the names have to be free for them by then."""
    bad = await secrets.set(A="bad")
    secrets.registry.down = True
    for _ in range(2):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await secrets.revert(0, bad.version, request_id="revert-web-12-1")
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    secrets.registry.down = False
    answer = await secrets.revert(0, bad.version, request_id="revert-web-12-1")
    assert _changes(answer) == {"A": REMOVED}
    assert secrets.registry.secrets(secrets.app_id) == []


async def test_reverted_rotation_has_no_overlap_and_a_reverted_end_of_one_has_it_again(secrets: Secrets) -> None:
    first = await secrets.set(KEY="first")
    second = await secrets.rotate(value="second", hours=1)
    await secrets.revert(first.version, second.version)
    assert await secrets.values() == {"KEY": "first"}
    assert secrets.registry.secrets(secrets.app_id) == ["KEY"]
    assert secrets.look("SELECT count(*) FROM overlap_ends") == [(0,)]

    third = await secrets.rotate(value="third", hours=1)
    fourth = await secrets.rotate(value="fourth")
    assert await secrets.values() == {"KEY": "fourth"}
    await secrets.revert(third.version, fourth.version)
    assert await secrets.values() == {"KEY": "third", "KEY_PREVIOUS": "first"}
    assert secrets.registry.secrets(secrets.app_id) == ["KEY", "KEY_PREVIOUS"]
    assert secrets.look("SELECT count(*) FROM overlap_ends") == [(1,)]


async def test_restored_and_reverted_values_are_sealed_for_their_new_version(secrets: Secrets) -> None:
    first = await secrets.set(A="1")
    await secrets.set(A="2")
    await secrets.restore(first.version)
    assert await secrets.reveal("A") == "1"
    blobs = secrets.look("SELECT sealed FROM sealed WHERE name = 'A' ORDER BY valid_from")
    assert len({bytes(row[0]) for row in blobs}) == 3
