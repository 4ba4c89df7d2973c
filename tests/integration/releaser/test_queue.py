"""The queue on a real database: once per change, numbers without gaps, whose turn it is, and that a late runner is
locked out.

Leaves out what a release does (test_releases.py) and crashes (test_crash.py).
"""

import asyncio

import pytest

from paaskit.audit import Actor
from paaskit.clock import random_id
from paaskit.db import Database
from paaskit.errors import InvalidInput
from paaskit.requests import RequestKey, fingerprint
from paaskit.trail import Trail
from services.releaser.domain import AppKey, Kind, NewRelease, Nothing, Remove, Run, State, Undo, Wait
from services.releaser.store import Store
from services.releaser.work_store import Lease, LeaseLost, Settlement, WorkStore
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE, few_at_once
from tests.integration.releaser.conftest import order_of

APP = AppKey(tenant="acme", app_id="a1")
OTHER = AppKey(tenant="globex", app_id="a1")


def new_release(key: AppKey, *, request_id: str = "", subject: str = "user:ada@example.com") -> NewRelease:
    request_id = request_id or random_id()
    return NewRelease(
        key=key,
        app="web",
        kind=Kind.MANUAL,
        change_id=f"manual-{request_id}",
        description="Restart",
        actor=Actor(tenant=key.tenant, name=subject),
        action="releases.create",
        request=RequestKey(
            request_id=request_id, subject=subject, method="CreateRelease", fingerprint=fingerprint(key.app_id)
        ),
    )


async def claim(work: WorkStore) -> Lease:
    """The lease of the only app with something to do."""
    (lease,) = await work.claim([], limit=9)
    return lease


async def test_a_change_is_released_once_whoever_asks(store: Store) -> None:
    orders = [order_of(APP, f"c{index}") for index in range(6)]
    batches = [orders[:4], orders[2:], orders[::-1], [orders[1]], [orders[5], orders[0]]] * 4
    answers = await few_at_once(store.queue(batch) for batch in batches)
    numbers: dict[str, int] = {}
    for batch, answer in zip(batches, answers, strict=True):
        for order, number in zip(batch, answer, strict=True):
            assert numbers.setdefault(order.change_id, number) == number
    assert sorted(numbers.values()) == [1, 2, 3, 4, 5, 6]
    assert len(await store.page(APP, before=99, limit=99)) == 6


async def test_a_batch_has_orders_of_any_tenants_and_the_same_change_twice(store: Store) -> None:
    mine, theirs = order_of(APP, "c1"), order_of(OTHER, "c1")
    assert await store.queue([mine, theirs, mine, order_of(APP, "c2"), theirs]) == [1, 1, 1, 2, 1]
    assert await store.find_app("acme", "web") == APP
    assert await store.find_app("globex", "web") == OTHER
    assert await store.find_app("initech", "web") is None


async def test_many_batches_at_once_do_not_lock_each_other_out(store: Store) -> None:
    keys = [AppKey(tenant=f"t{index % 3}", app_id=f"a{index}") for index in range(12)]
    batches = [[order_of(key, app=f"web-{key.app_id}") for key in keys[:: (-1) ** turn]] for turn in range(20)]
    await asyncio.wait_for(few_at_once(store.queue(batch) for batch in batches), PATIENCE)
    for key in keys:
        assert [release.number for release in await store.page(key, before=99, limit=99)] == list(range(20, 0, -1))


async def test_a_new_app_takes_the_name_of_a_destroyed_one(store: Store, databases: Databases) -> None:
    newer = AppKey(tenant="acme", app_id="a2")
    await store.queue([order_of(APP)])
    await store.queue([order_of(newer)])
    assert await store.find_app("acme", "web") == newer
    await store.queue([order_of(APP)])  # delivered late
    assert await store.find_app("acme", "web") == newer
    await store.queue([order_of(AppKey(tenant="acme", app_id="a3")), order_of(AppKey(tenant="acme", app_id="a4"))])
    assert await store.find_app("acme", "web") == AppKey(tenant="acme", app_id="a4")


async def test_an_order_for_a_destroyed_app_ends_at_once(store: Store) -> None:
    await store.mark_removed(APP)
    assert await store.queue([order_of(APP, "late")]) == [1]
    (release,) = await store.page(APP, before=9, limit=9)
    assert (release.state, release.message) == (State.FAILED, "The app was destroyed.")
    assert await store.find_app("acme", "web") is None


async def test_a_release_by_hand_is_made_once_per_request_id(store: Store, databases: Databases) -> None:
    await store.queue([order_of(APP), order_of(AppKey(tenant="acme", app_id="a2"), app="api")])
    made = await asyncio.gather(*(store.create(new_release(APP, request_id="same-request")) for _ in range(5)))
    assert [release.number for release in made] == [2] * 5
    with pytest.raises(InvalidInput) as refused:
        await store.create(new_release(AppKey(tenant="acme", app_id="a2"), request_id="same-request"))
    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(1,)]


async def test_the_newest_is_taken_and_the_others_end_with_it(
    store: Store, database: Database, trail: Trail, databases: Databases
) -> None:
    work = WorkStore(database, trail, holder="r1")
    await store.queue([order_of(APP) for _ in range(4)])
    lease = await claim(work)
    step = await work.take_step(lease, spacing_seconds=1.0)
    assert isinstance(step, Run)
    assert (step.release.number, step.supersedes) == (4, (1, 2, 3))
    listed = await store.page(APP, before=99, limit=9)
    assert [(r.number, r.state, r.superseded_by) for r in listed] == [
        (4, State.RUNNING, 0),
        (3, State.SUPERSEDED, 4),
        (2, State.SUPERSEDED, 4),
        (1, State.SUPERSEDED, 4),
    ]
    assert all(release.ended for release in listed[1:])
    await store.queue([order_of(APP)])
    again = await work.take_step(lease, spacing_seconds=1.0)
    assert isinstance(again, Run)
    assert (again.release.number, again.resumed) == (4, True)
    await work.succeed(lease, again.release, ready=1)
    waiting = await work.take_step(lease, spacing_seconds=3600)
    assert isinstance(waiting, Wait)
    assert 0 < waiting.seconds <= 3600
    with pytest.raises(LeaseLost):
        await work.take_step(lease, spacing_seconds=0.0)  # waiting ends the lease, for whoever comes first then
    assert await work.claim([], limit=9) == []
    databases.look("releaser", "UPDATE work SET not_before = not_before - interval '1 hour'")
    lease = await claim(work)
    last = await work.take_step(lease, spacing_seconds=0.0)
    assert isinstance(last, Run)
    await work.succeed(lease, last.release, ready=1)
    assert isinstance(await work.take_step(lease, spacing_seconds=0.0), Nothing)
    assert not await store.has_work(APP)


async def test_an_app_is_worked_on_by_one_runner(store: Store, database: Database, trail: Trail) -> None:
    keys = [AppKey(tenant=f"t{index % 3}", app_id=f"a{index}") for index in range(9)]
    await store.queue([order_of(key, app=key.app_id * 2) for key in keys])
    runners = [WorkStore(database, trail, holder=f"r{index}", lease_seconds=3600) for index in range(4)]
    claimed = await few_at_once(runner.claim([], limit=3) for runner in runners for _ in range(2))
    taken = [lease.key for leases in claimed for lease in leases]
    assert sorted(taken) == sorted(set(taken))
    taken += [lease.key for lease in await runners[0].claim([], limit=9)]  # whatever was locked just then
    assert sorted(taken) == sorted(keys)


async def test_renewing_leases_and_queueing_do_not_lock_each_other_out(
    store: Store, database: Database, trail: Trail
) -> None:
    keys = [AppKey(tenant=f"t{index % 2}", app_id=f"a{index}") for index in range(10)]
    await store.queue([order_of(key, app=f"web-{key.app_id}") for key in keys[::-1]])
    work = WorkStore(database, trail, holder="r1")
    assert len(await work.claim([], limit=10)) == 10
    stopping = asyncio.Event()

    async def renew_for_ever() -> None:
        while not stopping.is_set():
            assert len(await work.renew(keys[::-1])) == 10
            await work.give_up(["nobody"])

    renewing = [asyncio.create_task(renew_for_ever()) for _ in range(2)]
    for turn in range(60):
        await store.queue([order_of(key, app=f"web-{key.app_id}") for key in keys[:: (-1) ** turn]])
    stopping.set()
    await asyncio.gather(*renewing)


async def test_a_late_runner_changes_nothing(
    store: Store, database: Database, trail: Trail, databases: Databases
) -> None:
    late = WorkStore(database, trail, holder="late", lease_seconds=3600)
    await store.queue([order_of(APP)])
    lease = await claim(late)
    step = await late.take_step(lease, spacing_seconds=0)
    assert isinstance(step, Run)
    await late.pin(lease, 1, versions=(3, 4), total=2)
    databases.look("releaser", "UPDATE work SET lease_until = clock_timestamp() - interval '1 second'")
    prompt = WorkStore(database, trail, holder="prompt", lease_seconds=3600)
    taken = await claim(prompt)
    before = databases.look("releaser", "SELECT * FROM releases, work")
    release = step.release
    for attempt in (
        late.pin(lease, 1, versions=(9, 9), total=9),
        late.progress(lease, 1, 1),
        late.note(lease, 1, "late"),
        late.succeed(lease, release, ready=2),
        late.fail(lease, release, message="late", undo=True),
        late.settle(lease, release, Settlement(message="late", reverted_to=1, change_id="x")),
        late.take_step(lease, spacing_seconds=0),
        late.finish_removal(lease),
        late.intend_revert(lease, 1, to=1),
    ):
        with pytest.raises(LeaseLost):
            await attempt
    await late.park(lease, 60)
    assert await late.renew([APP]) == {}
    assert databases.look("releaser", "SELECT * FROM releases, work") == before
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(0,)]
    again = await prompt.take_step(taken, spacing_seconds=0)
    assert isinstance(again, Run)
    assert (again.resumed, again.release.config_version, again.release.secrets_version) == (True, 3, 4)


async def test_a_failure_is_settled_before_anything_else(store: Store, database: Database, trail: Trail) -> None:
    work = WorkStore(database, trail, holder="r1")
    await store.queue([order_of(APP)])
    lease = await claim(work)
    step = await work.take_step(lease, spacing_seconds=0)
    assert isinstance(step, Run)
    await work.fail(lease, step.release, message="It broke.", undo=True)
    failed = await store.get(APP, 1)
    assert failed is not None
    assert not failed.ended
    await store.queue([order_of(APP)])
    undo = await work.take_step(lease, spacing_seconds=0)
    assert isinstance(undo, Undo)
    assert (undo.release.number, undo.newer) == (1, 2)
    settled = Settlement(message="It broke.", reverted_to=1, names=("A",), change_id="revert-1")
    await work.settle(lease, undo.release, settled)
    after = await store.get(APP, 1)
    assert after is not None
    assert (after.ended, after.reverted_to, after.revert_release, after.reverted_names) == (True, 1, 3, ("A",))


async def test_a_destroyed_app_ends_whatever_is_open(
    store: Store, database: Database, trail: Trail, databases: Databases
) -> None:
    work = WorkStore(database, trail, holder="r1")
    await store.queue([order_of(APP)])
    lease = await claim(work)
    await work.take_step(lease, spacing_seconds=0)
    await store.queue([order_of(APP)])
    await store.mark_removed(APP)
    assert await work.renew([APP]) == {APP: True}
    assert isinstance(await work.take_step(lease, spacing_seconds=0), Remove)
    await work.finish_removal(lease)
    assert [(r.number, r.state) for r in await store.page(APP, before=9, limit=9)] == [
        (2, State.FAILED),
        (1, State.FAILED),
    ]
    assert not await store.has_work(APP)
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(1,)]


async def test_rows_of_another_tenant_are_invisible(store: Store, database: Database) -> None:
    await store.queue([order_of(APP)])
    assert await store.get(AppKey(tenant="globex", app_id="a1"), 1) is None
    assert await database.fetch("globex", "SELECT * FROM releases") == []
    async with database.unscoped() as connection:
        with pytest.raises(Exception, match=r"paas\.tenant|tenant_id"):
            await connection.execute("SELECT * FROM apps")
