"""Where apps are in a cluster, and what drifted, as they are written down."""

import pytest

from paaskit.db import Database
from paaskit.trail import Trail
from services.releaser.domain import AppKey
from services.releaser.manifests import Place
from services.releaser.store.drifts import DriftStore
from services.releaser.store.placements import PlacementStore
from tests.fixtures.postgres import Databases

KEY = AppKey(tenant="acme", app_id="a1")
PLACE = Place(namespace="tenant-acme", name="web", container="web")


@pytest.fixture
def placements(database: Database) -> PlacementStore:
    return PlacementStore(database)


@pytest.fixture
def drifts(database: Database, trail: Trail) -> DriftStore:
    return DriftStore(database, trail)


async def test_each_release_is_written_down_once(placements: PlacementStore) -> None:
    for release in (1, 2, 2):
        placement = await placements.place(KEY, "web", PLACE, release=release)
    assert (placement.secrets, placement.good, placement.instances) == ((1, 2), None, None)
    await placements.asked_for(KEY, 3)
    await placements.came_up(KEY, 2, plain=["B", "A"], sealed=["S"])
    await placements.secrets_gone(KEY, [1])
    found = await placements.find(KEY)
    assert found is not None
    assert (found.secrets, found.good, found.instances) == ((2,), 2, 3)
    assert (found.plain, found.sealed) == (("A", "B"), ("S",))
    assert await placements.namespaces() == ["tenant-acme"]
    await placements.forget(KEY)
    assert await placements.find(KEY) is None


async def test_a_container_that_was_found_is_kept_where_nobody_names_one(placements: PlacementStore) -> None:
    unnamed = Place(namespace="tenant-acme", name="theirs", container="", adopted=True)
    await placements.place(KEY, "web", unnamed, release=1)
    await placements.place(KEY, "web", Place(namespace="tenant-acme", name="theirs", container="main"), release=1)
    assert (await placements.place(KEY, "web", unnamed, release=2)).place.container == "main"


async def test_the_same_drift_is_told_once_and_over_with_a_release(
    placements: PlacementStore, drifts: DriftStore, databases: Databases
) -> None:
    await placements.place(KEY, "web", PLACE, release=1)
    await placements.came_up(KEY, 1, plain=["A"], sealed=["S"])
    for _ in range(2):
        await drifts.drifted(KEY, release=1, manager="kubectl-set", names=["S", "A"])
    found = await drifts.find(KEY)
    assert found is not None
    assert (found.manager, found.names, found.secrets) == ("kubectl-set", ("A",), ("S",))
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(1,)]
    await drifts.drifted(KEY, release=1, manager="kubectl-edit", names=["A"])
    assert databases.look("releaser", "SELECT count(*) FROM outbox") == [(2,)]
    await placements.came_up(KEY, 2, plain=["A"], sealed=[])
    assert await drifts.find(KEY) is None


async def test_drift_of_a_release_before_the_last_is_none(placements: PlacementStore, drifts: DriftStore) -> None:
    await placements.place(KEY, "web", PLACE, release=2)
    await placements.came_up(KEY, 2, plain=["A"], sealed=[])
    await drifts.drifted(KEY, release=1, manager="kubectl-set", names=["A"])
    assert await drifts.find(KEY) is None
    await drifts.drifted(KEY, release=2, manager="kubectl-set", names=["A"])
    await drifts.mended(KEY)
    assert await drifts.find(KEY) is None
