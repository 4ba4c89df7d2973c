"""A database of before orders named versions: its rows read as they should, and what was queued has what is newest."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from paaskit.db import Database
from paaskit.trail import Trail
from services.releaser.domain import AppKey, Spec, State, Versions
from tests.fakes.desired_state import FakeApp, FakeVariables
from tests.fakes.runtime import FakeRuntime
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import until
from tests.integration.releaser.conftest import order_of
from tests.integration.releaser.test_runner import Replicas

KEY: Final = AppKey(tenant="acme", app_id="a1")
_ROWS: Final = (
    "INSERT INTO apps (tenant, app_id, name, last_number) VALUES ('acme', 'a1', 'web', 4)",
    """
    INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, config_version,
        secrets_version, finished_at, superseded_by, reverted_to, revert_release, reverted_names, undo_due)
    VALUES
        ('acme', 'a1', 1, 'c1', 'change', 'succeeded', 'Set A', 'user:ada', 2, 1, now(), 0, 0, 0, '{}', false),
        ('acme', 'a1', 2, 'c2', 'change', 'failed', 'Set A', 'user:ada', 3, 2, now(), 0, 1, 3, '{A,KEY}', false),
        ('acme', 'a1', 3, 'c3', 'revert', 'superseded', 'Revert', 'releaser', 0, 0, now(), 4, 0, 0, '{}', false),
        ('acme', 'a1', 4, 'c4', 'change', 'queued', 'Set B', 'user:ada', 0, 0, NULL, 0, 0, 0, '{}', false)""",
    "INSERT INTO work (tenant, app_id) VALUES ('acme', 'a1')",
)


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    """A database that has rows of before and was migrated then."""
    with databases.earlier("releaser", revision="0001") as earlier:
        async with earlier.open() as database:
            async with database.transaction("acme") as connection:
                for statement in _ROWS:
                    await connection.execute(statement)
            earlier.upgrade()
            yield database


@pytest.fixture
def app() -> FakeApp:
    """The app as config and secrets have it: newer than any release."""
    app = FakeVariables().app(Spec(instances=1), A="1")
    for count in range(3):
        app.seal(KEY=str(count))
        app.change(B=str(count))
    return app


async def test_what_was_queued_has_what_is_newest(database: Database, trail: Trail, app: FakeApp) -> None:
    variables = FakeVariables()
    variables.apps[app.key] = app
    replicas, runtime = Replicas(database, trail, variables), FakeRuntime()
    stores = replicas.stores
    listed = {release.number: release for release in await stores.releases.page(KEY, before=99, limit=9)}
    assert [listed[number].versions for number in (1, 2, 3, 4)] == [
        Versions(config=2, secrets=1),
        Versions(config=3, secrets=2),
        Versions(),
        Versions(),
    ]
    assert (listed[1].superseded_by, listed[3].superseded_by, listed[2].reverted_to) == (None, 4, 1)
    assert listed[2].reverted_secrets == ("A", "KEY"), "which are secrets is not known, so all are shown as such"
    assert listed[2].reverted_names == ()
    # An order of before, which names no version, and one of now, which names only its own service's.
    assert await stores.book.take([order_of(KEY, "old", config=None), order_of(KEY, "new", config=5)]) == [5, 6]
    async with replicas.runner("one", runtime):
        await until(lambda: runtime.applied)
        newest = await stores.releases.get(KEY, 6)
    assert newest is not None
    assert newest.versions == app.versions == Versions(config=app.config.newest, secrets=3)
    assert runtime.runs(KEY) == {"A": "1", "B": "2", "KEY": "2"}
    app.change(B="later")
    app.seal(KEY="later")
    await stores.book.take([order_of(KEY, "newer", config=app.config.newest)])
    ordered = await stores.releases.get(KEY, 7)
    assert ordered is not None
    assert ordered.versions == Versions(config=app.config.newest, secrets=3), "from then on, what was ordered counts"
    assert ordered.state in (State.QUEUED, State.RUNNING)


async def test_an_app_without_a_release_starts_with_what_is_newest(
    database: Database, trail: Trail, app: FakeApp
) -> None:
    variables = FakeVariables()
    app.key = AppKey(tenant="acme", app_id="quiet")
    variables.apps[app.key] = app
    replicas, runtime = Replicas(database, trail, variables), FakeRuntime()
    # A restart of one; behind it, before it starts, an order of config alone.
    orders = [order_of(app.key, "restart", app="quiet", config=None), order_of(app.key, "next", app="quiet", config=2)]
    assert await replicas.stores.book.take(orders) == [1, 2]
    async with replicas.runner("one", runtime):
        await until(lambda: any(desired.key == app.key for desired in runtime.applied))
    assert runtime.runs(app.key) == {"A": "1", "B": "2", "KEY": "2"}
