"""A row of another tenant is invisible and out of reach, in every table of every service that has tenants' rows.

As the service's own role, on the real migrations. Tables are found in the catalog, so that a new one is tested before
anybody thinks of it; those without row-level security are reviewed in tests/architecture/test_databases.py. So are the
dashboard's: a session is looked up before its tenant is known (tests/integration/dashboard). Everything is in a
transaction that is undone. Leaves out the statements of the stores.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.architecture.sources import SERVICES
from tests.architecture.test_databases import WITHOUT_RLS
from tests.fixtures.postgres import Databases

Connection = psycopg.Connection[tuple[Any, ...]]

MINE, THEIRS = "acme", "globex"
# Parts of a table are reached through the whole; that they are closed is tested in tests/integration/audit/retention.
_TABLES = """
    SELECT a.attrelid::regclass::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.attname = 'tenant' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
      AND NOT c.relispartition ORDER BY 1"""
# What a row must have: columns that may not be null and say nothing themselves.
_NEEDED = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND a.attname <> 'tenant'
      AND a.attidentity = '' AND NOT a.atthasdef ORDER BY a.attnum"""
# Checks and foreign keys are no matter of tenants, and a row made of arbitrary values would not pass them.
_IN_THE_WAY = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f')"
_UPDATABLE = """
    SELECT a.attname FROM pg_attribute a
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND has_column_privilege(%s, a.attrelid, a.attname, 'UPDATE')"""
_VALUES = {
    "text": "x",
    "text[]": [],
    "bytea": b"x",
    "bigint": 1,
    "integer": 1,
    "smallint": 1,
    "boolean": True,
    "timestamp with time zone": "2026-05-04T00:00:00Z",
}


@dataclass(frozen=True)
class Table:
    """One table with a row of each tenant, alike but for the tenant, as the service's role sees it."""

    connection: Connection
    service: str
    name: str
    insert: sql.Composed
    values: dict[str, Any]

    def run(self, statement: LiteralString, *values: Any, column: str = "tenant") -> list[tuple[Any, ...]]:
        """A statement, with {} for the table's name and {column} for one of its columns."""
        names = sql.Identifier(self.name), sql.Identifier(column)
        cursor = self.connection.execute(sql.SQL(statement).format(names[0], column=names[1]), values)
        return cursor.fetchall() if cursor.description else []

    def see(self, tenant: str) -> None:
        """Go on as a transaction of this tenant."""
        self.connection.execute("SELECT set_config('paas.tenant', %s, true)", (tenant,))

    def may(self, privilege: str) -> bool:
        """Whether the role has a right on the table."""
        ((granted,),) = self.connection.execute(
            "SELECT has_table_privilege(%s, %s, %s)", (self.service, self.name, privilege)
        )
        return bool(granted)


def _tables(service: str, databases: Databases) -> list[str]:
    databases.empty(service)  # what other tests left would be in the way of rows made here
    found = {name for (name,) in databases.look(service, _TABLES)}
    return sorted(found - WITHOUT_RLS[service])


@contextmanager
def _stocked(service: str, name: str, databases: Databases) -> Iterator[Table]:
    with databases.superuser(service, autocommit=False) as connection:
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(name)))
        for (constraint,) in connection.execute(_IN_THE_WAY, (name,)).fetchall():
            drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
            connection.execute(drop.format(sql.Identifier(name), sql.Identifier(constraint)))
        values: dict[str, Any] = {column: _VALUES[type_] for column, type_ in connection.execute(_NEEDED, (name,))}
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(name),
            sql.SQL(", ").join(map(sql.Identifier, ("tenant", *values))),
            sql.SQL(", ").join(sql.Placeholder() * (len(values) + 1)),
        )
        for tenant in (MINE, THEIRS):
            connection.execute(insert, (tenant, *values.values()))
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(service)))
        yield Table(connection, service, name, insert, values)
        connection.rollback()


@pytest.mark.parametrize("service", SERVICES)
def test_a_tenant_reads_its_own_rows_alone(service: str, databases: Databases) -> None:
    for name in _tables(service, databases):
        with _stocked(service, name, databases) as table:
            for tenant, other in ((MINE, THEIRS), (THEIRS, MINE)):
                table.see(tenant)
                assert table.run("SELECT DISTINCT tenant FROM {}") == [(tenant,)], name
                assert table.run("SELECT 1 FROM {} WHERE tenant = %s", other) == [], name


@pytest.mark.parametrize("service", SERVICES)
def test_a_transaction_without_a_tenant_reads_nothing(service: str, databases: Databases) -> None:
    for name in _tables(service, databases):
        for tenant in (None, ""):
            with _stocked(service, name, databases) as table:
                if tenant is not None:
                    table.see(tenant)
                try:
                    found = table.run("SELECT * FROM {}")
                except (psycopg.errors.UndefinedObject, psycopg.errors.CheckViolation):
                    continue
                assert found == [], name


@pytest.mark.parametrize("service", SERVICES)
def test_a_row_of_another_tenant_can_not_be_written(service: str, databases: Databases) -> None:
    for name in _tables(service, databases):
        with _stocked(service, name, databases) as table:
            table.see(MINE)
            why = "row-level security" if table.may("INSERT") else "permission denied"
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=why):
                table.connection.execute(table.insert, ("initech", *table.values.values()))


@pytest.mark.parametrize("service", SERVICES)
def test_a_row_of_another_tenant_can_be_neither_changed_nor_deleted(service: str, databases: Databases) -> None:
    changes = 0
    for name in _tables(service, databases):
        with _stocked(service, name, databases) as table:
            table.see(MINE)
            for (column,) in table.connection.execute(_UPDATABLE, (name, service)).fetchall():
                assert column != "tenant", f"{name}: a row could be given to another tenant"
                change: LiteralString = "UPDATE {} SET {column} = {column}"
                assert table.run(change + " WHERE tenant = %s RETURNING 1", THEIRS, column=column) == [], name
                assert table.run(change + " RETURNING tenant", column=column) == [(MINE,)], name
                # A statement that reads nothing is judged by the policy for changes alone.
                new = sql.Literal(table.values[column]) if column in table.values else sql.SQL("DEFAULT")
                blind = table.connection.execute(
                    sql.SQL("UPDATE {} SET {} = {}").format(sql.Identifier(name), sql.Identifier(column), new)
                )
                assert blind.rowcount == 1, name
                changes += 1
            if table.may("DELETE"):
                assert table.run("DELETE FROM {} WHERE tenant = %s RETURNING 1", THEIRS) == [], name
                assert table.run("DELETE FROM {} RETURNING tenant") == [(MINE,)], name
                changes += 1
            table.see(THEIRS)
            assert table.run("SELECT tenant FROM {}") == [(THEIRS,)], name
    # The control: there was something that the role may do. audit's log is only ever added to.
    assert changes or service == "audit"


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_such_tables(service: str, databases: Databases) -> None:
    assert _tables(service, databases)
