"""Sealing values anew in the background: wherever it is stopped, and whatever happens beside it.

Covers a process that ends at each step, several replicas, changes meanwhile, what does not open, and what comes late.
The KMS is a fake in memory, the database PostgreSQL with the service's role. Leaves out users (test_key_rotation.py).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import grpc
import pytest

from paaskit.audit import Actor
from paaskit.errors import Unavailable
from services.secrets.rotation.standing import RETIRED_AFTER
from tests.fixtures.postgres import Databases
from tests.integration.secrets.rollouts import Crash, Rollouts, opened, until_done

GLOBEX = Actor(tenant="globex", name="user:eve@example.com", credential="t9")


@pytest.fixture
async def rollouts(databases: Databases, nowhere: grpc.aio.Channel) -> AsyncIterator[Rollouts]:
    """A database of secrets without any."""
    async with opened(databases, nowhere) as rollouts:
        yield rollouts


@pytest.fixture
async def nowhere() -> AsyncIterator[grpc.aio.Channel]:
    """A channel to an audit service that is away."""
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        yield channel


@pytest.mark.parametrize("step", range(1, 13))
async def test_a_process_that_ends_at_any_step_loses_nothing(rollouts: Rollouts, step: int) -> None:
    await rollouts.store(450)
    assert await rollouts.replica().rotate() == 2
    dying = rollouts.replica(dies_at=step)
    with suppress(Crash):
        await until_done(dying)
    assert await rollouts.unreadable() == [], "everything can be read in between"
    assert sum(rollouts.generations().values()) == 452
    standing = await until_done(rollouts.replica(1))
    assert rollouts.generations() == {2: 452}
    assert await rollouts.unreadable() == []
    newest = standing.newest
    assert newest is not None
    assert (newest.older_versions, standing.sealed_anew, newest.unreadable) == (452, 452, 0)
    assert newest.finished_at is not None


async def test_the_last_steps_leave_a_rollout_that_is_not_over_until_it_is(rollouts: Rollouts) -> None:
    """The control of the test above: the last of its steps are those that there are."""
    await rollouts.store(450)
    await rollouts.replica().rotate()
    dying = rollouts.replica(dies_at=12)
    with pytest.raises(Crash):
        await until_done(dying)
    assert (await rollouts.replica().standing()).is_sealing_anew


async def test_two_replicas_at_once_do_it_once(rollouts: Rollouts) -> None:
    await rollouts.store(900)
    replicas = [rollouts.replica(0), rollouts.replica(1)]
    await replicas[0].rotate()
    reencryptions = [each.care._reencryption for each in replicas]
    standing = await replicas[0].standing()
    # Without their turns, as when one of them has lost its connection and does not know yet.
    await asyncio.gather(*(each.some("acme", standing) for each in reencryptions))
    assert rollouts.generations() == {2: 902}
    assert await rollouts.unreadable() == []
    await asyncio.gather(*(until_done(each) for each in replicas))


async def test_values_that_change_meanwhile_are_what_they_were_changed_to(rollouts: Rollouts) -> None:
    await rollouts.store(600)
    replica = rollouts.replica()
    old = await replica.keyring.keys("acme")
    await replica.rotate()
    new = await replica.keyring.keys_for("acme", [2])
    reencryption, standing = replica.care._reencryption, await replica.standing()

    class Meanwhile:
        """Between reading a batch and writing it, somebody is faster."""

        def __init__(self, values: object) -> None:
            self.values = values

        async def next(self, tenant: str, generation: int, *, after: object) -> object:
            found = await self.values.next(tenant, generation, after=after)  # type: ignore[attr-defined]
            if found and found[0].version > 0 and after is None:
                first, second, third = found[:3]
                for gone in (first, second):
                    rollouts.look(
                        "DELETE FROM sealed WHERE app_id = %s AND name = %s AND valid_from = %s",
                        *(gone.app_id, gone.name, gone.version),
                    )
                rollouts.add(new, second.app_id, second.name, second.version + 7, "set meanwhile")
                rollouts.look(
                    "UPDATE sealed SET valid_to = 9 WHERE app_id = %s AND name = %s", *(third.app_id, third.name)
                )
            if found and found[0].version < 0:
                rollouts.stage(new, found[0].app_id, found[0].name, 77, "staged anew meanwhile")
                rollouts.look("DELETE FROM drafts WHERE name = %s", found[1].name)
            return found

        async def replace(self, *arguments: object, **more: object) -> int:
            return int(await self.values.replace(*arguments, **more))  # type: ignore[attr-defined]

    reencryption._kinds = tuple(map(Meanwhile, reencryption._kinds))  # type: ignore[arg-type]
    assert await reencryption.some("acme", standing) == 0
    assert rollouts.generations() == {2: 600}
    assert await rollouts.unreadable() == []
    assert rollouts.look("SELECT count(*) FROM sealed WHERE valid_to = 9") == [(1,)], "what was closed stays closed"
    assert rollouts.look("SELECT revision, generation FROM drafts") == [(77, 2)]
    assert old.newest.generation == 1


async def test_rows_that_somebody_has_locked_are_left_for_later(rollouts: Rollouts) -> None:
    await rollouts.store(5, staged=1)
    replica = rollouts.replica()
    await replica.rotate()
    with rollouts.databases.superuser("secrets", autocommit=False) as busy:
        busy.execute("SELECT FROM sealed WHERE name = 'NAME3' FOR UPDATE")
        await replica.care.look_after_due()
        assert rollouts.generations() == {1: 1, 2: 5}, "nobody waited"
        assert (await replica.standing()).is_sealing_anew
    rollouts.look("UPDATE key_care SET due = now()")
    assert (await until_done(replica)).older_versions == 0
    assert await rollouts.unreadable() == []


async def test_what_does_not_open_holds_up_nothing_and_is_counted(rollouts: Rollouts) -> None:
    await rollouts.store(500, staged=0)
    rollouts.look("UPDATE sealed SET sealed = sealed || '\\x00' WHERE name < 'NAME3'")
    ((broken,),) = rollouts.look("SELECT count(*) FROM sealed WHERE name < 'NAME3'")
    replica = rollouts.replica()
    await replica.rotate()
    standing = await until_done(replica)
    newest = standing.newest
    assert newest is not None
    assert broken > 200, "more than a batch of them, and they come first"
    assert (newest.unreadable, rollouts.generations()) == (broken, {1: broken, 2: 500 - broken})
    assert await replica.rotate() == 3, "and no later rotation either"
    await until_done(replica)
    assert rollouts.generations() == {1: broken, 3: 500 - broken}


async def test_more_than_one_tenant_gets_at_once_is_shared_with_the_others(rollouts: Rollouts) -> None:
    await rollouts.store(6000, staged=0)
    await rollouts.store(3, tenant="globex", staged=0)
    replica = rollouts.replica()
    await replica.rotate()
    await replica.rotate(GLOBEX)
    await replica.care.look_after_due()
    assert rollouts.generations("globex") == {2: 3}
    assert rollouts.generations() == {1: 1000, 2: 5000}
    await replica.care.look_after_due()
    assert rollouts.generations() == {2: 6000}


async def test_large_values_are_few_at_a_time(rollouts: Rollouts) -> None:
    await rollouts.store(100, staged=0, size=64 * 1024)
    keys = [await values.next("acme", 1, after=None) for values in rollouts.replica().care._reencryption._kinds]
    assert [len(each) for each in keys] == [31, 0]
    replica = rollouts.replica()
    await replica.rotate()
    await until_done(replica)
    assert rollouts.generations() == {2: 100}


async def test_what_was_sealed_late_with_an_older_key_follows(rollouts: Rollouts) -> None:
    """By a process that had not heard of the new one, or from a backup of one table."""
    await rollouts.store(3)
    old = await rollouts.replica(1).keyring.keys("acme")
    replica = rollouts.replica()
    await replica.rotate()
    await until_done(replica)
    rollouts.add(old, "app0", "LATE", 1, "late")
    assert (await replica.standing()).older_versions == 1
    rollouts.look("UPDATE key_care SET due = now()")
    await replica.care.look_after_due()
    assert rollouts.generations() == {2: 6}
    ((due,),) = rollouts.look("SELECT due - now() < interval '2 minutes' FROM key_care")
    assert due, "it is looked for again soon, until the older key is retired"


async def test_a_key_is_retired_a_day_later_and_opens_what_turns_up(rollouts: Rollouts) -> None:
    await rollouts.store(3)
    old = await rollouts.replica(1).keyring.keys("acme")
    replica = rollouts.replica()
    await replica.rotate()
    await until_done(replica)
    retired = "SELECT generation, retired_at IS NOT NULL FROM tenant_keys ORDER BY generation"
    for age, is_retired in ((RETIRED_AFTER - timedelta(minutes=1), False), (RETIRED_AFTER, True)):
        rollouts.look("UPDATE tenant_keys SET created_at = now() - %s::interval WHERE generation = 2", age)
        rollouts.look("UPDATE key_care SET due = now()")
        await replica.care.look_after_due()
        assert rollouts.look(retired) == [(1, is_retired), (2, False)]
    begun = rollouts.replica(1)
    unwraps = rollouts.kms.unwraps
    assert set((await begun.keyring.keys("acme")).by_generation) == {2}
    assert rollouts.kms.unwraps == unwraps + 1, "a retired key is not unwrapped"
    rollouts.add(old, "app0", "FROM_A_BACKUP", 1, "from a backup")
    assert await rollouts.unreadable() == []
    rollouts.look("UPDATE key_care SET due = now()")
    await replica.care.look_after_due()
    assert rollouts.generations() == {2: 6}


async def test_what_is_due_anew_meanwhile_is_not_put_off(rollouts: Rollouts) -> None:
    """A rotation that was committed after how keys stand was read must not wait for the next look."""
    await rollouts.store(3)
    replica = rollouts.replica()
    (due,) = await replica.schedule.due(5)
    await replica.rotate()
    await replica.schedule.put_off(due, None)
    assert [each.tenant for each in await replica.schedule.due(5)] == ["acme"]
    (due,) = await replica.schedule.due(5)
    await replica.schedule.put_off(due, None)
    assert await replica.schedule.due(5) == []


async def test_without_the_kms_it_waits_and_goes_on(rollouts: Rollouts) -> None:
    await rollouts.store(300)
    rollouts.kms.away = True
    with pytest.raises(Unavailable):
        await rollouts.replica().rotate()
    assert rollouts.look("SELECT max(generation) FROM tenant_keys") == [(1,)]
    rollouts.kms.away = False
    await rollouts.replica().rotate()
    rollouts.kms.away = True
    replica = rollouts.replica()
    assert await replica.care.look_after_due() == 1
    assert rollouts.generations() == {1: 302}
    ((soon,),) = rollouts.look("SELECT due - now() BETWEEN interval '0' AND interval '10 seconds' FROM key_care")
    assert soon
    rollouts.kms.away = False
    rollouts.look("UPDATE key_care SET due = now()")
    await until_done(replica)
    assert rollouts.generations() == {2: 302}
    assert await rollouts.unreadable() == []


async def test_another_tenants_values_are_left_alone_and_uncounted(rollouts: Rollouts) -> None:
    await rollouts.store(10)
    await rollouts.store(20, tenant="globex")
    replica = rollouts.replica()
    await replica.rotate()
    standing = await until_done(replica)
    assert [each.versions for each in standing.generations] == [0, 12]
    assert rollouts.generations("globex") == {1: 22}
    assert await rollouts.unreadable("globex") == []
    assert (await replica.standing("nobody")).generations == []
