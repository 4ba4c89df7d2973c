"""The draft of an app's secrets: what is live stays as it is until the draft is released, and then has all of it.

Covers staging by set, rotate and unset, discarding, releasing once and while others change things, and the names a
draft holds. The rules alone are in tests/unit/secrets/test_draft.py.
"""

import asyncio

import grpc
import pytest
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id
from tests.fixtures.waiting import until
from tests.integration.secrets.conftest import Secrets

ADDED, CHANGED, REMOVED = config_pb2.ACTION_ADDED, config_pb2.ACTION_CHANGED, config_pb2.ACTION_REMOVED


async def test_staged_change_changes_nothing_live(secrets: Secrets) -> None:
    await secrets.set(KEY="old", GONE="x")
    change = await secrets.set(KEY="new", NEW="n", stage=True)
    await secrets.unset("GONE", stage=True)
    assert (change.version, change.release_status) == (1, config_pb2.RELEASE_STATUS_STAGED)
    assert await secrets.values() == {"KEY": "old", "GONE": "x"}
    assert await secrets.reveal() == "old"
    assert len(secrets.releaser.orders) == 1
    staged = (await secrets.listed()).staged
    assert [(each.name, each.action, each.staged_by, each.replaces_newer) for each in staged] == [
        ("GONE", REMOVED, "user:ada@example.com", False),
        ("KEY", CHANGED, "user:ada@example.com", False),
        ("NEW", ADDED, "user:ada@example.com", False),
    ]
    assert secrets.registry.secrets(secrets.app_id) == ["GONE", "KEY", "NEW"], "a staged name is taken"
    events = [event for event in await secrets.events() if event.action == "secrets.stage"]
    assert [list(event.targets) for event in events] == [["KEY", "NEW"], ["GONE"]]


async def test_release_makes_the_draft_live_once(secrets: Secrets) -> None:
    await secrets.set(KEY="old", GONE="x")
    bob = secrets.signer.user(subject="user:bob@example.com", token_id="t2")
    await secrets.set(KEY="new", NEW="n", stage=True)
    await secrets.unset("GONE", stage=True)
    await secrets.set(NEW="newer", stage=True, me=bob)
    draft = await secrets.draft()
    assert draft.revision == 3
    with_names = secrets.registry.versions[secrets.app_id]
    known = {"request_id": random_id(), "change_id": random_id(), "revision": draft.revision}
    answers = [await secrets.release(**known) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].version == 2
    assert answers[0].config_version == with_names, "config has the names in this version"
    assert [(each.name, each.action, each.staged_by) for each in answers[0].secrets] == [
        ("KEY", CHANGED, "user:ada@example.com"),
        ("GONE", REMOVED, "user:ada@example.com"),
        ("NEW", ADDED, "user:bob@example.com"),
    ]
    assert await secrets.values() == {"KEY": "new", "NEW": "newer"}
    assert not (await secrets.draft()).HasField("revision")
    assert (await secrets.release()).HasField("version") is False
    assert (answers[0].used_up, (await secrets.release()).used_up) == (3, 0)
    event = next(event for event in await secrets.events() if event.action == "secrets.release")
    assert (event.on_behalf_of, event.version, sorted(event.targets)) == ("user:ada", 2, ["GONE", "KEY", "NEW"])
    # Its order is kept for the case that releaser ends now, and is not sent at once.
    assert len(secrets.releaser.orders) == 1
    await until(lambda: len(secrets.releaser.orders) == 2)
    order = secrets.releaser.orders[1]
    assert (order.change_id, order.secrets_version) == (known["change_id"], 2)
    assert {(each.name, each.actor, each.HasField("staged_at")) for each in order.changes} == {
        ("KEY", "user:ada@example.com", True),
        ("GONE", "user:ada@example.com", True),
        ("NEW", "user:bob@example.com", True),
    }


async def test_what_is_set_live_meanwhile_wins_now_and_is_replaced_only_when_told(secrets: Secrets) -> None:
    await secrets.set(KEY="old")
    await secrets.set(KEY="staged", stage=True)
    await secrets.set(KEY="newer")
    assert await secrets.values() == {"KEY": "newer"}
    assert [each.replaces_newer for each in (await secrets.draft()).secrets] == [True]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.release()
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "KEY" in str(refused.value.details())
    assert await secrets.values() == {"KEY": "newer"}
    answer = await secrets.release(replace_newer=True)
    assert [each.replaces_newer for each in answer.secrets] == [True]
    assert await secrets.values() == {"KEY": "staged"}


async def test_what_is_staged_after_the_revision_stays_staged(secrets: Secrets) -> None:
    await secrets.set(A="1", stage=True)
    revision = (await secrets.draft()).revision
    await secrets.set(B="2", stage=True)
    await secrets.set(A="1 again", stage=True)
    answer = await secrets.release(revision=revision)
    assert not answer.HasField("version"), "A was staged anew since"
    answer = await secrets.release(revision=revision + 1)
    assert [each.name for each in answer.secrets] == ["B"]
    assert await secrets.values() == {"B": "2"}
    assert [each.name for each in (await secrets.draft()).secrets] == ["A"]


async def test_staging_the_live_value_is_staged_like_any_other(secrets: Secrets) -> None:
    """Else a writer could guess: which of a hundred values staged is not there afterwards?"""
    await secrets.set(PIN="4711")
    answers = [await secrets.set(PIN=guess, stage=True) for guess in ("4710", "4711")]
    assert [(each.release_status, len(each.changes)) for each in answers] == [(config_pb2.RELEASE_STATUS_STAGED, 1)] * 2
    assert [(each.name, each.action) for each in (await secrets.draft()).secrets] == [("PIN", CHANGED)]


async def test_discarded_changes_are_gone_and_their_names_free(secrets: Secrets) -> None:
    await secrets.set(KEY="old")
    await secrets.set(KEY="new", NEW="n", OTHER="o", stage=True)
    assert await secrets.discard("NEW") == ["NEW"]
    assert secrets.registry.secrets(secrets.app_id) == ["KEY", "OTHER"]
    assert await secrets.discard("NEW") == []
    assert sorted(await secrets.discard()) == ["KEY", "OTHER"]
    assert await secrets.discard() == []
    assert secrets.registry.secrets(secrets.app_id) == ["KEY"]
    assert await secrets.values() == {"KEY": "old"}
    events = [event for event in await secrets.events() if event.action == "secrets.discard"]
    assert [sorted(event.targets) for event in events] == [["NEW"], ["KEY", "OTHER"]]


async def test_unset_of_what_is_only_staged_drops_it(secrets: Secrets) -> None:
    await secrets.set(NEW="n", stage=True)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.unset("NEW")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    await secrets.unset("NEW", stage=True)
    assert not (await secrets.draft()).secrets
    assert secrets.registry.secrets(secrets.app_id) == []


async def test_name_is_held_while_a_value_or_the_draft_needs_it(secrets: Secrets) -> None:
    await secrets.set(KEY="live")
    await secrets.set(KEY="staged", stage=True)
    await secrets.unset("KEY")
    assert secrets.registry.secrets(secrets.app_id) == ["KEY"], "the draft needs it"
    assert [(each.action, each.replaces_newer) for each in (await secrets.draft()).secrets] == [(ADDED, True)]
    await secrets.set(KEY="again")
    await secrets.discard()
    assert secrets.registry.secrets(secrets.app_id) == ["KEY"], "the value needs it"
    await secrets.unset("KEY")
    assert secrets.registry.secrets(secrets.app_id) == []
    await until(secrets.names_at_rest)


async def test_overlap_of_a_staged_rotation_starts_with_its_release(secrets: Secrets) -> None:
    await secrets.set(KEY="old")
    await secrets.rotate(value="new", hours=1, stage=True)
    assert secrets.registry.secrets(secrets.app_id) == ["KEY", "KEY_PREVIOUS"], "its name is taken from now on"
    secrets.look("UPDATE drafts SET staged_at = staged_at - interval '1 day'")
    answer = await secrets.release()
    assert await secrets.resolve(answer.version, "KEY") == {"KEY": "new", "KEY_PREVIOUS": "old"}
    ((left,),) = secrets.look("SELECT due - clock_timestamp() > interval '59 minutes' FROM overlap_ends")
    assert left
    await secrets.rotate(value="newest", stage=True, hours=1)
    await secrets.discard()
    assert "KEY_PREVIOUS" in secrets.registry.secrets(secrets.app_id), "the running overlap needs it"


async def test_draft_holds_to_the_limits_of_everything_together(secrets: Secrets) -> None:
    secrets.registry.most_bytes = 10
    await secrets.set(A="12345")
    await secrets.set(A="1234567", stage=True)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.set(B="1234", stage=True)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert secrets.registry.secrets(secrets.app_id) == ["A"]
    await secrets.set(B="123", stage=True)
    await secrets.release()
    assert await secrets.values() == {"A": "1234567", "B": "123"}


async def test_staged_value_opens_as_no_version_and_no_version_as_staged(secrets: Secrets) -> None:
    await secrets.set(KEY="live")
    await secrets.set(KEY="staged", stage=True)
    secrets.look("UPDATE drafts SET sealed = (SELECT sealed FROM sealed)")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.release()
    assert refused.value.code() is grpc.StatusCode.INTERNAL
    await secrets.set(KEY="staged", stage=True)
    secrets.look("UPDATE sealed SET sealed = (SELECT sealed FROM drafts)")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.reveal()
    assert refused.value.code() is grpc.StatusCode.INTERNAL


async def test_many_stage_and_release_at_once_and_nothing_is_lost(secrets: Secrets) -> None:
    names = [f"KEY{number}" for number in range(12)]
    await asyncio.gather(*(secrets.set(**{name: name}, stage=True) for name in names))
    assert sorted(each.name for each in (await secrets.draft()).secrets) == sorted(names)
    revision = (await secrets.draft()).revision
    assert revision == 12
    answers = await asyncio.gather(*(secrets.release(revision=each) for each in range(1, 13)))
    released = [each.name for answer in answers for each in answer.secrets]
    assert sorted(released) == sorted(names)
    assert await secrets.values() == {name: name for name in names}


async def test_rotation_into_the_draft_takes_a_live_secret(secrets: Secrets) -> None:
    await secrets.set(NEW="n", stage=True)
    for name in ("NEW", "NONE"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await secrets.rotate(name, stage=True)
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_discarding_without_names_needs_the_permission_to_list_them(secrets: Secrets) -> None:
    await secrets.set(KEY="new", stage=True)
    writer = secrets.signer.user(permissions=frozenset({"secrets.write"}))
    request = secrets_pb2.DiscardStagedRequest(request_id=random_id(), app="web")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await secrets.users.DiscardStaged(request, metadata=writer)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "KEY" not in str(refused.value)
    request.names.append("KEY")
    assert [each.name for each in (await secrets.users.DiscardStaged(request, metadata=writer)).changes] == ["KEY"]
