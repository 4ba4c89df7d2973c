"""A runner's turns on a real database: what is begun, ended and settled, and that a late one is locked out.

Leaves out what a release does (test_releases.py), how orders queue (test_queue.py) and crashes (test_crash.py).
"""

import asyncio

import pytest

from paaskit.db import Database
from paaskit.trail import Trail
from services.releaser.domain import AppKey, Kind, Release, State, Versions
from services.releaser.releases import in_its_turn
from services.releaser.runtimes.protocol import Progress
from services.releaser.store.leases import LeaseLost
from services.releaser.store.settlements import Settlement
from services.releaser.work.steps import Ended, Nothing, Remove, Run, Undo, Wait
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE
from tests.integration.releaser.conftest import Stores, Worker, order_of

APP = AppKey(tenant="acme", app_id="a1")


def well(release: Release) -> Ended:
    """It succeeded."""
    return Ended(release=release, state=State.SUCCEEDED, progress=Progress(updated=1, ready=1, old=0))


def badly(release: Release) -> Ended:
    """It failed."""
    return Ended(release=release, state=State.FAILED, message="It broke.")


async def test_the_newest_is_taken_and_the_others_end_with_it(stores: Stores, database: Database, trail: Trail) -> None:
    runner = Worker(database, trail, "r1")
    await stores.book.take([order_of(APP) for _ in range(4)])
    lease = await runner.claim()
    step = await runner.work.take_step(lease, spacing_seconds=1.0)
    assert isinstance(step, Run)
    assert step.release.number == 4
    listed = await stores.releases.page(APP, before=99, limit=9)
    assert [(r.number, r.state, r.superseded_by) for r in listed] == [
        (4, State.RUNNING, None),
        (3, State.SUPERSEDED, 4),
        (2, State.SUPERSEDED, 4),
        (1, State.SUPERSEDED, 4),
    ]
    assert all(release.ended for release in listed[1:])
    await stores.book.take([order_of(APP)])
    again = await runner.work.take_step(lease, spacing_seconds=1.0)
    assert isinstance(again, Run)
    assert (again.release.number, again.resumed) == (4, True)
    waiting = await runner.work.take_step(lease, spacing_seconds=3600, ended=well(again.release))
    assert isinstance(waiting, Wait)
    assert 3600 - PATIENCE < waiting.seconds <= 3600
    with pytest.raises(LeaseLost):
        await runner.work.take_step(lease, spacing_seconds=0.0)  # waiting ends the lease, for whoever comes first then
    assert await runner.leases.claim([], limit=9) == [], "its time has not come"
    await database.execute("UPDATE work SET not_before = clock_timestamp()")
    lease = await runner.claim()
    last = await runner.work.take_step(lease, spacing_seconds=0.0)
    assert isinstance(last, Run)
    assert isinstance(await runner.work.take_step(lease, spacing_seconds=0.0, ended=well(last.release)), Nothing)
    ended = await stores.releases.page(APP, before=99, limit=2)
    assert [(r.number, r.state, r.instances_ready) for r in ended] == [
        (5, State.SUCCEEDED, 1),
        (4, State.SUCCEEDED, 1),
    ]
    assert not await stores.apps.has_work(APP)


async def test_after_a_crowd_the_next_release_waits_longer(stores: Stores, database: Database, trail: Trail) -> None:
    """How many a release stood for is told by the one that started before it, and only by that."""
    runner = Worker(database, trail, "r1")
    for orders, longest_wait in ((1, 10), (4, 30), (3, 10)):  # the second and third with one that waited
        await stores.book.take([order_of(APP) for _ in range(orders)])
        lease = await runner.claim()
        step = await runner.work.take_step(lease, spacing_seconds=0)
        assert isinstance(step, Run)
        await stores.book.take([order_of(APP)])
        waiting = await runner.work.take_step(lease, spacing_seconds=10, ended=well(step.release))
        assert isinstance(waiting, Wait)
        assert longest_wait - 10 < waiting.seconds <= longest_wait
        await database.execute("UPDATE work SET not_before = clock_timestamp()")


async def test_an_app_is_worked_on_by_one_runner(stores: Stores, database: Database, trail: Trail) -> None:
    keys = [AppKey(tenant=f"t{index % 3}", app_id=f"a{index}") for index in range(9)]
    await stores.book.take([order_of(key, app=key.app_id * 2) for key in keys])
    runners = [Worker(database, trail, f"r{index}") for index in range(4)]
    claimed = await asyncio.gather(*(runner.leases.claim([], limit=3) for runner in runners for _ in range(2)))
    taken = [lease.key for leases in claimed for lease in leases]
    assert sorted(taken) == sorted(set(taken))
    taken += [lease.key for lease in await runners[0].leases.claim([], limit=9)]  # whatever was locked just then
    assert sorted(taken) == sorted(keys)


async def test_a_tenant_has_its_share_under_way_whatever_else_it_has_waiting(
    stores: Stores, database: Database, trail: Trail
) -> None:
    crowd = [AppKey(tenant="crowd", app_id=f"c{index:03}") for index in range(300)]
    others = [AppKey(tenant=f"t{index}", app_id="a1") for index in range(5)]
    for some in (crowd[:200], crowd[200:], others):
        await stores.book.take([order_of(key, app=f"app-{key.app_id}") for key in some])
    one, two = (Worker(database, trail, holder, share=2) for holder in ("r1", "r2"))
    first = await one.leases.claim([], limit=4)
    assert [lease.key.tenant for lease in first].count("crowd") <= 2
    second = await two.leases.claim([], limit=30)
    taken = [lease.key for lease in (*first, *second)]
    assert sorted(key for key in taken if key.tenant != "crowd") == others
    assert len(taken) == 7, "two of the crowd, in both replicas together"
    assert await one.leases.claim([lease.key for lease in first], limit=9) == []
    (held,) = [lease for lease in (*first, *second) if lease.key == taken[0]]
    await one.leases.park(held, 60)
    (next_one,) = await one.leases.claim([], limit=9)
    assert next_one.key.tenant == held.key.tenant == "crowd"


async def test_all_tenants_together_have_no_more_under_way_than_is_allowed_at_once(
    stores: Stores, database: Database, trail: Trail
) -> None:
    keys = [AppKey(tenant=f"t{index}", app_id="a1") for index in range(7)]
    for key in keys:
        await stores.book.take([order_of(key)])
    one, two = (Worker(database, trail, holder, at_once=3) for holder in ("r1", "r2"))
    first = await one.leases.claim([], limit=2)
    second = await two.leases.claim([], limit=3)
    assert (len(first), len(second)) == (2, 1), "three, in both replicas together"
    assert await two.leases.claim([lease.key for lease in second], limit=3) == []
    await one.leases.park(first[0], 60)
    assert len(await two.leases.claim([lease.key for lease in second], limit=3)) == 1


async def test_who_has_nothing_under_way_comes_first(stores: Stores, database: Database, trail: Trail) -> None:
    crowd = [AppKey(tenant="crowd", app_id=f"c{index}") for index in range(6)]
    runner = Worker(database, trail, "r1", share=4)
    await stores.book.take([order_of(key, app=f"app-{key.app_id}") for key in crowd])
    assert len(await runner.leases.claim([], limit=2)) == 2
    await stores.book.take([order_of(APP)])
    (lease,) = await runner.leases.claim([], limit=1)
    assert lease.key == APP


async def test_a_release_that_waits_for_its_turn_says_so(stores: Stores, database: Database, trail: Trail) -> None:
    keys = [AppKey(tenant="acme", app_id=f"a{index}") for index in range(3)]
    await stores.book.take([order_of(key, app=f"app-{key.app_id}") for key in keys])
    await stores.book.take([order_of(AppKey(tenant="rival", app_id="r1"), app="rival")])

    async def messages() -> dict[AppKey, str]:
        said = {}
        for key in keys:
            release = await stores.releases.get(key, 1)
            assert release is not None
            under_way = await stores.releases.under_way("acme", limit=2)
            said[key] = in_its_turn(release, key.app_id, under_way, share=2).message
        return said

    assert set((await messages()).values()) == {""}
    runner = Worker(database, trail, "r1", share=2)
    taken = {lease.key for lease in await runner.leases.claim([], limit=9)}
    assert len(taken) == 3
    waits = "Waiting for its turn: releases of 2 other apps of yours are under way."
    assert await messages() == {key: "" if key in taken else waits for key in keys}


async def test_renewing_leases_and_queueing_do_not_lock_each_other_out(
    stores: Stores, database: Database, trail: Trail
) -> None:
    keys = [AppKey(tenant=f"t{index % 2}", app_id=f"a{index}") for index in range(10)]
    await stores.book.take([order_of(key, app=f"web-{key.app_id}") for key in keys[::-1]])
    runner = Worker(database, trail, "r1")
    assert len(await runner.leases.claim([], limit=10)) == 10
    stopping = asyncio.Event()

    async def renew_for_ever() -> None:
        while not stopping.is_set():
            assert len(await runner.leases.renew(keys[::-1])) == 10
            await runner.leases.give_up(["nobody"])

    renewing = [asyncio.create_task(renew_for_ever()) for _ in range(2)]
    for turn in range(60):
        await stores.book.take([order_of(key, app=f"web-{key.app_id}") for key in keys[:: (-1) ** turn]])
    stopping.set()
    await asyncio.gather(*renewing)


async def test_a_late_runner_changes_nothing(
    stores: Stores, database: Database, trail: Trail, databases: Databases
) -> None:
    late = Worker(database, trail, "late", lease_seconds=0.05)
    await stores.book.take([order_of(APP)])
    lease = await late.claim()
    step = await late.work.take_step(lease, spacing_seconds=0)
    assert isinstance(step, Run)
    await late.work.begin(lease, 1, total=2)
    await asyncio.sleep(0.1)
    prompt = Worker(database, trail, "prompt")
    taken = await prompt.claim()
    before = databases.look("releaser", "SELECT * FROM releases, work")
    release = step.release
    for attempt in (
        late.work.begin(lease, 1, total=9),
        late.work.progress(lease, 1, Progress(updated=1, ready=1, old=1)),
        late.work.note(lease, 1, "late"),
        late.work.take_step(lease, spacing_seconds=0, ended=well(release)),
        late.work.take_step(lease, spacing_seconds=0, ended=badly(release)),
        late.work.settle_versions(lease, 1, Versions(config=9, secrets=9)),
        late.settlements.settle(lease, release, lambda _: Settlement(message="late", reverted_to=1)),
        late.work.take_step(lease, spacing_seconds=0),
        late.work.finish_removal(lease),
    ):
        with pytest.raises(LeaseLost):
            await attempt
    await late.leases.park(lease, 60)
    assert await late.leases.renew([APP]) == {}
    assert databases.look("releaser", "SELECT * FROM releases, work") == before
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(0,)]
    again = await prompt.work.take_step(taken, spacing_seconds=0)
    assert isinstance(again, Run)
    assert (again.resumed, again.release.instances_total) == (True, 2)


async def test_a_failure_is_settled_before_anything_else(stores: Stores, database: Database, trail: Trail) -> None:
    runner = Worker(database, trail, "r1")
    await stores.book.take([order_of(APP)])
    lease = await runner.claim()
    step = await runner.work.take_step(lease, spacing_seconds=0)
    assert isinstance(step, Run)
    undo = await runner.work.take_step(lease, spacing_seconds=0, ended=badly(step.release))
    failed = await stores.releases.get(APP, 1)
    assert failed is not None
    assert not failed.ended
    assert isinstance(undo, Undo)
    await stores.book.take([order_of(APP)])
    undo = await runner.work.take_step(lease, spacing_seconds=0)
    assert isinstance(undo, Undo)
    assert undo.release.number == 1

    def decide(newer: int | None) -> Settlement:
        assert newer == 2
        back = Versions(config=7, secrets=3)
        return Settlement(message="It broke.", reverted_to=1, names=("A",), secrets=("KEY",), versions=back)

    await runner.settlements.settle(lease, undo.release, decide)
    after = await stores.releases.get(APP, 1)
    assert after is not None
    assert (after.ended, after.reverted_to, after.revert_release) == (True, 1, 2)
    assert (after.reverted_names, after.reverted_secrets) == (("A",), ("KEY",))
    waiting = await stores.releases.get(APP, 2)
    assert waiting is not None
    assert waiting.versions == Versions(config=7, secrets=3), "it runs with what was taken back"
    assert await stores.book.take([order_of(APP)]) == [3]
    newest = await stores.releases.get(APP, 3)
    assert newest is not None
    assert newest.versions == waiting.versions, "and so does whatever is ordered later"


async def test_a_revert_is_queued_where_nothing_is(stores: Stores, database: Database, trail: Trail) -> None:
    runner = Worker(database, trail, "r1")
    await stores.book.take([order_of(APP, config=4)])
    lease = await runner.claim()
    step = await runner.work.take_step(lease, spacing_seconds=0)
    assert isinstance(step, Run)
    await runner.work.take_step(lease, spacing_seconds=0, ended=badly(step.release))
    back = Settlement(message="It broke.", reverted_to=1, names=("A",), versions=Versions(config=5))
    await runner.settlements.settle(lease, step.release, lambda _: back)
    revert = await stores.releases.get(APP, 2)
    assert revert is not None
    assert (revert.kind, revert.state, revert.source_release) == (Kind.REVERT, State.QUEUED, 1)
    assert revert.versions == Versions(config=5)


async def test_a_destroyed_app_ends_whatever_is_open(
    stores: Stores, database: Database, trail: Trail, databases: Databases
) -> None:
    runner = Worker(database, trail, "r1")
    await stores.book.take([order_of(APP)])
    lease = await runner.claim()
    await runner.work.take_step(lease, spacing_seconds=0)
    await stores.book.take([order_of(APP)])
    await stores.apps.mark_removed(APP)
    assert await runner.leases.renew([APP]) == {APP: True}
    assert isinstance(await runner.work.take_step(lease, spacing_seconds=0), Remove)
    await runner.work.finish_removal(lease)
    assert [(r.number, r.state) for r in await stores.releases.page(APP, before=9, limit=9)] == [
        (2, State.FAILED),
        (1, State.FAILED),
    ]
    assert not await stores.apps.has_work(APP)
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(1,)]
