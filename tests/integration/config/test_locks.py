"""Changes of one app from several processes: each builds on the one before, none is lost.

Two stores with pools of their own, as two replicas have.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from paaskit.access import AppRef
from paaskit.audit import Actor
from paaskit.changes import Mutation
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.releases import Releases
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.config.rules.mutations import Mutations
from services.config.rules.vars import Vars
from services.config.store.changes import Store
from tests.fixtures.postgres import Databases
from tests.fixtures.tls import Certificates
from tests.integration.config.conftest import House

_ADA = Actor(tenant="acme", name="user:ada", credential="t1")


@pytest.fixture
async def replicas(house: House, databases: Databases, tls: Certificates) -> AsyncIterator[list[Vars]]:
    """The rules of config vars twice, on two pools. Nobody is there to be told of what they do."""
    pools = [
        Database(
            databases.service_url("config"), password_file=databases.password_file("config"), service=f"config{index}"
        )
        for index in range(2)
    ]
    nobody = tls.channel("127.0.0.1:1", service="releaser", caller="config")
    replicas = []
    for pool in pools:
        await pool.open()
        releases = Releases(pool, nobody)
        store = Store(pool, WritePath(pool, trail=Trail(pool, nobody), releases=releases))
        replicas.append(Vars(Mutations(store, releases, new_id=random_id, clock=utc_now)))
    yield replicas
    await nobody.close()
    for pool in pools:
        await pool.close()


async def test_no_update_is_lost(house: House, replicas: list[Vars], databases: Databases) -> None:
    await house.app()
    changes = await asyncio.gather(*(_set(replicas[index % 2], f"N{index}", "x") for index in range(30)))
    assert sorted(changes) == list(range(2, 32))
    ((version, names, size, positions),) = databases.look(
        "config",
        """SELECT a.version, a.names, a.bytes, (SELECT count(DISTINCT position) FROM vars) FROM apps a""",
    )
    assert (version, names, positions) == (31, 30, 30)
    assert size == sum(len(f"N{index}") + 1 for index in range(30))


async def test_the_limit_holds_for_those_that_come_together(
    house: House, replicas: list[Vars], databases: Databases
) -> None:
    await house.app()
    await house.set(**{f"OLD{index}": "x" for index in range(495)})
    results = await asyncio.gather(
        *(_set(replicas[index % 2], f"N{index}", "x") for index in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(result, Exception) for result in results) == 5
    assert databases.look("config", "SELECT names FROM apps") == [(500,)]


async def _set(replica: Vars, name: str, value: str) -> int:
    order = Mutation(request_id=random_id(), app=AppRef(tenant="acme", name="web"))
    return (await replica.set(_ADA, order, [(name, value)])).version
