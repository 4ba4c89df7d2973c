"""The plan of every statement, services' and the dashboard's, on large tables without statistics, and with them.

After a restore there are no statistics, and a connection keeps the plan it made first. So a statement must leave no
wrong choice: its plan goes by an index, searched by all that tells the wanted rows from the tenant's others. Statements
are found in the code; those put together by a request would not be, so there must be none. Leaves out what a plan
costs: that is measured in bench/.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from local.ports import DATABASES
from tests.fixtures.postgres import Databases
from tests.integration.plans.explained import Index, Scan, bodies_of, connect, connect_as_owner, indexes, scans_of
from tests.integration.plans.filled import fill
from tests.integration.plans.reviewed import MAY_CHECK, MAY_READ_MORE, SEARCHED_BY, SELECTIVE
from tests.integration.plans.statements import Statement, made_later, statements_of

_QUICK, _THOROUGH = 20_000, 60_000
"""How many apps there are. Where there are few and no statistics, reading all of a tenant's is taken to be cheaper."""


@pytest.fixture(
    scope="module",
    params=[
        *(pytest.param((service, _QUICK), id=service) for service in DATABASES),
        *(
            pytest.param((service, _THOROUGH), id=f"{service}-large", marks=pytest.mark.thorough)
            for service in DATABASES
        ),
    ],
)
def service(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """A service whose tables are large, without statistics. Emptied afterwards."""
    name, apps = request.param
    databases.truncate(name)
    fill(databases, name, apps=apps)
    yield name
    databases.truncate(name)


@pytest.mark.parametrize("statistics", ["none", "new"])
def test_plans_go_by_an_index_searched_by_all_that_tells_rows_apart(
    service: str, statistics: str, databases: Databases
) -> None:
    if statistics == "new":
        databases.look(service, "ANALYZE")
    with connect(databases, service) as connection, connect_as_owner(databases, service) as owner:
        assert _violations(connection, statements_of(service)) == []
        assert _violations(owner, bodies_of(owner, service)) == []


def _violations(connection: psycopg.Connection[Any], statements: Sequence[Statement]) -> list[str]:
    """What the plans of statements read that they should not."""
    known = indexes(connection)
    return [
        f"{statement.name}: {scan.table} by {scan.index or 'nothing'}: {wrong}"
        for statement in statements
        if statement.name not in MAY_READ_MORE
        for scan in scans_of(connection, statement.text)
        if (wrong := what_is_wrong(scan, statement, known))
    ]


def what_is_wrong(scan: Scan, statement: Statement, known: dict[str, Index]) -> str:
    """Say what a scan reads too much, or nothing."""
    if not scan.index:
        return "every row is read"
    needed, index = SEARCHED_BY[statement.service].get(scan.index), known[scan.index]
    if needed is None:
        return "say in reviewed.py by which columns this index has to be searched"
    assert needed == index.columns[: len(needed)], f"{scan.index} has other columns"
    if missing := [column for column in needed if not scan.searches(column)]:
        return f"is searched {scan.condition}, without {', '.join(missing)}"
    if index.unique and all(scan.searches(column) for column in index.columns):
        return ""
    place = statement.name.partition("[")[0], scan.index
    checked = [column for column in sorted(SELECTIVE) if scan.checks(column) and (*place, column) not in MAY_CHECK]
    if checked:
        return f"is searched {scan.condition}, and {', '.join(checked)} checked row by row: {scan.check}"
    return ""


def test_every_statement_is_there_once_its_module_is_loaded() -> None:
    assert made_later() == []


def test_the_few_that_may_read_more_are_still_there() -> None:
    names = {statement.name for service in DATABASES for statement in statements_of(service)}
    assert set(MAY_READ_MORE) - names == set()
    assert {name for name, _, _ in MAY_CHECK} - {name.partition("[")[0] for name in names} == set()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM apps WHERE tenant = %s",
        "SELECT * FROM apps WHERE tenant = %s AND names = %s",
        "SELECT * FROM vars WHERE tenant = %(tenant)s AND app_id = %(app_id)s",
        "SELECT v.* FROM vars v, apps a WHERE v.tenant = %s AND a.tenant = %s AND v.app_id = a.app_id || ''",
    ],
)
def test_a_statement_with_a_wrong_choice_is_seen(text: str, databases: Databases) -> None:
    databases.password_file("config")
    with connect(databases, "config") as connection:
        known, statement = indexes(connection), Statement("config", "", text)
        assert any(what_is_wrong(scan, statement, known) for scan in scans_of(connection, text))


def test_a_statement_is_found_wherever_it_is_in_a_module() -> None:
    found = {statement.name: statement for statement in statements_of("config")}
    assert "services.config.store.look._BY_ID.lock" in found
    assert found["paaskit.requests._SELECT"] == Statement(
        "config", "paaskit.requests._SELECT", found["paaskit.requests._SELECT"].text
    )
