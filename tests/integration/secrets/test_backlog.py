"""How many events may wait for audit before no more values are read, on a real outbox.

Leaves out that reading asks (tests/unit/secrets/test_reveal.py).
"""

import pytest

from paaskit import outbox
from paaskit.db import Database
from paaskit.errors import Unavailable
from services.secrets.backlog import Backlog
from tests.fixtures.postgres import Databases


async def _put(database: Database, *keys: str, destination: str = outbox.AUDIT) -> None:
    async with database.unscoped() as connection:
        for key in keys:
            await outbox.put(connection, outbox.Message(destination, key, b"event"))


async def test_it_is_full_with_one_more_than_may_wait_and_not_after_some_were_delivered(databases: Databases) -> None:
    async with databases.open("secrets") as database:
        backlog = Backlog(database, most=3)
        await _put(database, "1", "2", "3")
        await _put(database, "a", "b", destination=outbox.RELEASER)
        await backlog.look()
        backlog.check()
        await _put(database, "4")
        await backlog.look()
        with pytest.raises(Unavailable, match="no secrets are read any more") as refused:
            backlog.check()
        assert (refused.value.reason, refused.value.metadata) == ("AUDIT_BACKLOG_FULL", {"service": "audit"})
        databases.look("secrets", "UPDATE outbox SET parked_at = now(), parked_reason = 'WRONG' WHERE key = '1'")
        await backlog.look()
        backlog.check()


async def test_what_was_seen_last_holds_while_the_database_is_away(databases: Databases) -> None:
    async with databases.open("secrets") as database:
        backlog = Backlog(database, most=0)
        await _put(database, "1")
        await backlog.look()
    with pytest.raises(Unavailable):
        await backlog.look()
    with pytest.raises(Unavailable, match="no secrets are read any more"):
        backlog.check()
