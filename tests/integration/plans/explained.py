"""Plans as the services' connections get them: with the service's role, under its policies, for any parameters."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from paaskit.db.pool import conninfo_of
from tests.fixtures.postgres import Databases
from tests.integration.plans.statements import Statement

_INDEXES: Final = """
    SELECT i.indexrelid::regclass::text, array_agg(a.attname::text ORDER BY k.place), i.indisunique
    FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k (number, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
    JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
    GROUP BY 1, 3"""
# A part of a table stands for the whole, and so do its indexes: the whole has them, but for a key, which it can't have.
_PARTS: Final = """
    SELECT c.relname, p.relname FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
    UNION ALL
    SELECT c.relname || '_pkey', p.relname || '_pkey' FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r' JOIN pg_class p ON p.oid = i.inhparent"""
# What a function gives back has a name among its arguments, after those it takes.
# A trigger's function is no statement: it has the row it is about, and a test reviews which there are.
_FUNCTIONS: Final = """
    SELECT proname, proargnames[1:pronargs] AS proargnames, prosrc
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prorettype <> 'trigger'::regtype
        -- What makes and fills parts of tables is for the owner, by hand or by a job.
        AND proname NOT IN ('make_part', 'make_month')"""
# What row-level security has each row checked for, whatever it was found by.
_POLICY: Final = re.compile(r"CASE WHEN \(NULLIF\(current_setting\('paas.tenant'.* END")
_PARAMETER: Final = re.compile(r"%(?:\((\w+)\))?s")


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A table that a plan reads. `condition` is what its index is searched with, `check` what each row has to pass."""

    table: str
    index: str
    condition: str
    check: str

    def searches(self, column: str) -> bool:
        """Whether the index is searched by a column."""
        return _mentions(self.condition, column)

    def checks(self, column: str) -> bool:
        """Whether each row that is found has a column compared with something."""
        return _mentions(_POLICY.sub("", self.check), column)


def _mentions(condition: str, column: str) -> bool:
    # A column of another table has that one's name before it.
    return re.search(rf"(?<![.\w]){column}(?![\w.(])", condition.replace('"', "")) is not None


@dataclass(frozen=True)
class Index:
    """An index: its columns, in their order, and whether there is one row at most for all of them."""

    columns: tuple[str, ...]
    unique: bool


def indexes(connection: psycopg.Connection[Any]) -> dict[str, Index]:
    """Return the indexes of a service's tables, by name."""
    whole = _wholes(connection)
    return {
        whole.get(name, name): Index(tuple(columns), unique) for name, columns, unique in connection.execute(_INDEXES)
    }


def _wholes(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Return what parts of tables and their indexes are parts of, by name."""
    return dict(connection.execute(_PARTS))


def connect(databases: Databases, service: str) -> psycopg.Connection[Any]:
    """A connection as the service's are, which sees the tenant that has half of everything."""
    return _connected(databases.service_url(service), databases.password_file(service), service)


def connect_as_owner(databases: Databases, service: str) -> psycopg.Connection[Any]:
    """The same as the owner of the functions that run with its rights, whoever calls them."""
    server = databases.server
    connection = _connected(server.superuser_url(service), server.postgres.password_file, service)
    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(f"{service}_owner")))
    return connection


def _connected(url: str, password_file: Path, service: str) -> psycopg.Connection[Any]:
    connection = psycopg.connect(conninfo_of(url, password_file=password_file, service=service), autocommit=True)
    connection.execute("SELECT set_config('paas.tenant', 'acme', false)")
    return connection


def bodies_of(connection: psycopg.Connection[Any], service: str) -> list[Statement]:
    """Return the statements of the database's own functions, with their parameters as ours."""
    return [
        Statement(service, name, re.sub(rf"\b({'|'.join(arguments)})\b", r"%(\1)s", body))
        for name, arguments, body in connection.execute(_FUNCTIONS)
    ]


def scans_of(connection: psycopg.Connection[Any], statement: str) -> list[Scan]:
    """Return what the plan of a statement reads, whatever its parameters."""
    places: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        name = match[1] or f" {len(places)}"
        return f"${places.setdefault(name, len(places) + 1)}"

    explain = f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {_PARAMETER.sub(numbered, statement).replace('%%', '%')}"
    # Past psycopg's own parameters: these are to stay without values.
    result = connection.pgconn.exec_(explain.encode())
    if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
        raise AssertionError(f"{result.error_message.decode()}: {explain}")
    text = result.get_value(0, 0)
    assert text is not None
    return list(_scans(json.loads(text)[0]["Plan"], _wholes(connection)))


def _scans(node: dict[str, Any], wholes: Mapping[str, str]) -> Iterator[Scan]:
    if "Relation Name" in node and node["Node Type"] != "ModifyTable":
        table, index = node["Relation Name"], node.get("Index Name", "")
        yield Scan(
            table=wholes.get(table, table),
            index=wholes.get(index, index),
            condition=node.get("Index Cond", ""),
            check=node.get("Filter", ""),
        )
    for each in node.get("Plans", []):
        yield from _scans(each, wholes)
