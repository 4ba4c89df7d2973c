"""The queue on a real database: once per change, numbers without gaps, and what a release has when it is queued.

Leaves out whose turn it is (test_turns.py), what a release does (test_releases.py) and crashes (test_crash.py).
"""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from paaskit.audit import Actor
from paaskit.changes import Action
from paaskit.clock import random_id
from paaskit.db import Database
from paaskit.errors import InvalidInput
from paaskit.release_order import ReleasedChange
from paaskit.requests import Answer, RequestKey, fingerprint
from paaskit.trail import Trail
from services.releaser.by_hand.intents import DraftPlan, Intent, change_id_of
from services.releaser.domain import AppKey, Kind, State, Versions
from services.releaser.store.apps import register_all
from services.releaser.store.standing import QueueStanding, Standing
from services.releaser.work.orders import Order
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import Stores, Worker, order_of, persistently

APP = AppKey(tenant="acme", app_id="a1")
OTHER = AppKey(tenant="globex", app_id="a1")


def restart(key: AppKey, *, request_id: str = "", credential: str = "t1") -> Intent:
    """The wish to restart an app."""
    request = RequestKey(
        request_id=request_id or random_id(),
        subject=credential,
        method="CreateRelease",
        fingerprint=fingerprint(False),
    )
    return Intent(
        key=key,
        app="web",
        change_id=change_id_of("draft", key, request),
        kind=Kind.MANUAL,
        description="Restart",
        actor=Actor(tenant=key.tenant, name="user:ada@example.com", credential=credential),
        request=request,
        plan=DraftPlan(),
    )


async def finish(stores: Stores, intent: Intent) -> Answer:
    """Queue its release, unless that was done."""
    begun = await stores.by_hand.begin(intent)
    if not isinstance(begun, Intent):
        return begun
    return await stores.by_hand.finish(begun, begun.order(Versions(), ()))


async def test_a_change_is_released_once_whoever_asks(stores: Stores) -> None:
    orders = [order_of(APP, f"c{index}") for index in range(6)]
    batches = [orders[:4], orders[2:], orders[::-1], [orders[1]], [orders[5], orders[0]]] * 4
    answers = await asyncio.gather(*(persistently(partial(stores.book.take, batch)) for batch in batches))
    numbers: dict[str, int] = {}
    for batch, answer in zip(batches, answers, strict=True):
        for order, number in zip(batch, answer, strict=True):
            assert numbers.setdefault(order.change_id, number) == number
    assert sorted(numbers.values()) == [1, 2, 3, 4, 5, 6]
    assert len(await stores.releases.page(APP, before=99, limit=99)) == 6


async def test_a_batch_has_orders_of_any_tenants_and_the_same_change_twice(stores: Stores) -> None:
    mine, theirs = order_of(APP, "c1"), order_of(OTHER, "c1")
    assert await stores.book.take([mine, theirs, mine, order_of(APP, "c2"), theirs]) == [1, 1, 1, 2, 1]
    assert await stores.apps.find("acme", "web") == APP
    assert await stores.apps.find("globex", "web") == OTHER
    assert await stores.apps.find("initech", "web") is None


async def test_many_batches_at_once_do_not_lock_each_other_out(stores: Stores) -> None:
    keys = [AppKey(tenant=f"t{index % 3}", app_id=f"a{index}") for index in range(12)]
    batches = [[order_of(key, app=f"web-{key.app_id}") for key in keys[:: (-1) ** turn]] for turn in range(20)]
    await asyncio.gather(*(persistently(partial(stores.book.take, batch)) for batch in batches))
    for key in keys:
        assert [release.number for release in await stores.releases.page(key, before=99, limit=99)] == list(
            range(20, 0, -1)
        )


async def test_a_new_app_takes_the_name_of_a_destroyed_one(stores: Stores, databases: Databases) -> None:
    newer = AppKey(tenant="acme", app_id="a2")
    await stores.book.take([order_of(APP)])
    await stores.book.take([order_of(newer)])
    assert await stores.apps.find("acme", "web") == newer
    await stores.book.take([order_of(APP)])  # delivered late
    assert await stores.apps.find("acme", "web") == newer
    await stores.book.take([order_of(AppKey(tenant="acme", app_id="a3")), order_of(AppKey(tenant="acme", app_id="a4"))])
    assert await stores.apps.find("acme", "web") == AppKey(tenant="acme", app_id="a4")


async def test_an_app_that_several_processes_hear_of_at_once_is_registered_once(
    stores: Stores, database: Database, trail: Trail
) -> None:
    """From its order, and from whoever asks for its releases. Many rounds, since it takes two in the same moment."""
    for number in range(40):
        key, name = AppKey(tenant="acme", app_id=f"a{number}"), f"web-{number}"
        replicas = [Stores(database, trail) for _ in range(3)]
        asking = (partial(each.apps.register, key, name) for each in replicas)
        ordering = (partial(each.book.take, [order_of(key, app=name)]) for each in replicas)
        await asyncio.gather(*map(persistently, asking), *map(persistently, ordering))
        assert await stores.apps.find("acme", name) == key


async def test_of_two_apps_that_claim_a_name_at_once_one_has_it(
    stores: Stores, database: Database, trail: Trail
) -> None:
    for number in range(20):
        keys = [AppKey(tenant="acme", app_id=f"a{number}-{which}") for which in "nmo"]
        replicas = [Stores(database, trail) for _ in keys]
        claims = zip(replicas, keys, strict=True)
        await asyncio.gather(
            *(persistently(partial(each.book.take, [order_of(key, app=f"web-{number}")])) for each, key in claims)
        )
        assert await stores.apps.find("acme", f"web-{number}") in keys
        for key in keys:
            assert len(await stores.releases.page(key, before=9, limit=9)) == 1


async def test_who_gives_a_name_waits_for_whoever_else_does(
    stores: Stores, database: Database, databases: Databases
) -> None:
    before, after = AppKey(tenant="acme", app_id="a1"), AppKey(tenant="acme", app_id="a2")
    async with database.transaction("acme") as connection:
        await register_all(connection, "acme", [order_of(before, app="web")])
        # Statements of a transaction are sent before any is answered: only with an answer is the lock surely held.
        await (await connection.execute("SELECT 1")).fetchall()
        later = asyncio.create_task(stores.apps.register(after, "web"))
        await until(lambda: databases.look("releaser", "SELECT 1 FROM pg_locks WHERE NOT granted"))
    await later
    assert await stores.apps.find("acme", "web") == after


async def test_an_order_for_a_destroyed_app_ends_at_once(stores: Stores) -> None:
    await stores.apps.mark_removed(APP)
    assert await stores.book.take([order_of(APP, "late")]) == [1]
    (release,) = await stores.releases.page(APP, before=9, limit=9)
    assert (release.state, release.message) == (State.FAILED, "The app was destroyed.")
    assert await stores.apps.find("acme", "web") is None


async def test_a_release_by_hand_is_made_once_per_request_id(stores: Stores, databases: Databases) -> None:
    other = AppKey(tenant="acme", app_id="a2")
    await stores.book.take([order_of(APP), order_of(other, app="api")])
    asked = restart(APP, request_id="same-request")
    made = await asyncio.gather(*(persistently(partial(finish, stores, asked)) for _ in range(20)))
    assert made == [made[0]] * 20
    assert made[0]["number"] == 2
    with pytest.raises(InvalidInput) as refused:
        await finish(stores, restart(other, request_id="same-request"))
    assert refused.value.reason == "REQUEST_ID_REUSED"
    another = await finish(stores, restart(APP, request_id="same-request", credential="t2"))
    assert another["number"] == 3, "another credential's request is another request"
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(2,)]
    assert databases.look("releaser", "SELECT change_id FROM intents WHERE app_id = 'a1'") == []


async def test_what_a_release_has_is_settled_when_it_is_ordered(stores: Stores) -> None:
    orders = [(4, None), (None, 2), (3, None), (None, None), (5, 1)]
    await stores.book.take([order_of(APP, config=config, secrets=secrets) for config, secrets in orders[:2]])
    for config, secrets in orders[2:]:
        await stores.book.take([order_of(APP, config=config, secrets=secrets)])
    listed = await stores.releases.page(APP, before=99, limit=9)
    assert [(r.versions.config, r.versions.secrets) for r in listed[::-1]] == [
        (4, None),
        (4, 2),
        (4, 2),
        (4, 2),
        (5, 2),
    ]


async def test_a_change_whose_halves_come_apart_is_raised_while_it_waits(stores: Stores) -> None:
    def half(change_id: str, name: str, versions: Versions, *, secret: bool) -> Order:
        change = ReleasedChange(name=name, action=Action.ADDED, secret=secret, actor="user:bob@example.com")
        return replace(order_of(APP, change_id), versions=versions, changes=(change,))

    of_config = half("draft-1", "A", Versions(config=3), secret=False)
    of_secrets = half("draft-1", "KEY", Versions(config=4, secrets=2), secret=True)
    assert await stores.book.take([of_config]) == [1]
    assert await stores.book.take([order_of(APP, "later", config=5)]) == [2]
    assert await stores.book.take([of_secrets]) == [1]
    assert await stores.book.take([of_config, of_secrets]) == [1, 1]
    newer, raised = await stores.releases.page(APP, before=9, limit=9)
    assert raised.versions == Versions(config=4, secrets=2)
    assert [change.name for change in raised.changes] == ["A", "KEY"]
    assert newer.versions == Versions(config=5, secrets=2), "it may take the other's place, so it has the same"
    assert newer.changes == ()


async def test_a_half_that_comes_when_the_other_runs_has_a_release_of_its_own(
    stores: Stores, database: Database, trail: Trail
) -> None:
    runner = Worker(database, trail, "r1")
    first = order_of(APP, "draft-1", config=3)
    second = replace(first, versions=Versions(secrets=2))
    assert await stores.book.take([first]) == [1]
    await runner.work.take_step(await runner.claim(), spacing_seconds=0)
    assert await stores.book.take([second]) == [2]
    assert await stores.book.take([first, second]) == [2, 2], "what follows it up is the change's release from then on"
    newest = await stores.releases.get(APP, 2)
    assert newest is not None
    assert newest.versions == Versions(config=3, secrets=2)


async def test_rows_of_another_tenant_are_invisible(stores: Stores, database: Database) -> None:
    await stores.book.take([order_of(APP)])
    assert await stores.releases.get(AppKey(tenant="globex", app_id="a1"), 1) is None
    assert await database.fetch("globex", "SELECT * FROM releases") == []
    async with database.unscoped() as connection:
        with pytest.raises(Exception, match=r"paas\.tenant|tenant_id"):
            await connection.execute("SELECT * FROM apps")


async def test_the_queue_is_counted_by_whether_tenants_have_their_share(
    stores: Stores, database: Database, trail: Trail
) -> None:
    queue, runner = QueueStanding(database, share=2), Worker(database, trail, "r1", share=2)
    assert await queue.look() == [
        Standing(at_share=False, waiting=0, worked_on=0),
        Standing(at_share=True, waiting=0, worked_on=0),
    ]
    await stores.book.take([order_of(AppKey(tenant="acme", app_id=f"a{number}")) for number in range(5)])
    await stores.book.take(
        [order_of(AppKey(tenant="globex", app_id="a1")), order_of(AppKey(tenant="initech", app_id="b"))]
    )
    leases = await runner.leases.claim([], limit=4)
    assert sorted(lease.key.tenant for lease in leases) == ["acme", "acme", "globex", "initech"]
    (globex,) = [lease for lease in leases if lease.key.tenant == "globex"]
    await runner.leases.park(globex, 0)
    (initech,) = [lease for lease in leases if lease.key.tenant == "initech"]
    await runner.leases.park(initech, 60)
    assert await queue.look() == [
        Standing(at_share=False, waiting=1, worked_on=0),
        Standing(at_share=True, waiting=3, worked_on=2),
    ], "one that waits its time does not wait for anybody"
