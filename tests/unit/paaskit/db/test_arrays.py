"""Lists as arrays, on a real PostgreSQL: every item comes back as it was, and what none can hold is refused.

The types are those that statements take; psycopg's own tests have the rest.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paaskit.db.pool import SESSION, Connection
from tests.fixtures.postgres import Databases

LONG_AGO = datetime(1971, 2, 3, 4, 5, 6, 789, tzinfo=UTC)


@pytest.fixture
async def connection(databases: Databases) -> AsyncIterator[Connection]:
    password = databases.password_file("config").read_text().strip()
    async with await Connection.connect(databases.service_url("config"), password=password, **SESSION) as connection:
        yield connection


async def _there_and_back(connection: Connection, kind: str, items: list[Any]) -> object:
    cursor = await connection.execute(f"SELECT %s::{kind}[] AS items", (items,))
    (row,) = await cursor.fetchall()
    return row.items


@pytest.mark.parametrize(
    ("kind", "items"),
    [
        ("text", []),
        ("text", ["", "NULL", "null", None, " a ", "{}", "a,b", 'say "hi"', "back\\slash", '\\"', "é\u2028\n\t"]),
        ("bigint", [0, -1, 2**63 - 1, None]),
        ("bytea", [b"", b"\0\xff\\x", b'{"', None]),
        ("boolean", [True, False, None]),
        ("timestamptz", [LONG_AGO, None]),
        ("float8", [1.5, None]),
    ],
)
async def test_items_come_back_as_they_were(connection: Connection, kind: str, items: list[Any]) -> None:
    assert await _there_and_back(connection, kind, items) == items


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
async def test_any_text_comes_back_as_it_was(connection: Connection, texts: list[str]) -> None:
    assert await _there_and_back(connection, "text", texts) == texts


@pytest.mark.parametrize("items", [["a\0b"], [["a"]]])
async def test_what_an_array_cannot_hold_is_refused(connection: Connection, items: list[Any]) -> None:
    with pytest.raises(psycopg.DataError):
        await _there_and_back(connection, "text", items)
