"""deploy/postgres, run with PostgreSQL's own psql: the databases, roles and privileges that one machine's have too."""

import os
import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from local.databases import owner_of, owner_url
from local.ports import DATABASES
from local.postgres import binaries
from local.secrets_made import random_password
from local.throwaway import Throwaway, throwaway_postgres
from paaskit.migrations import upgrade
from tests.architecture.sources import ROOT

_DATABASES = """
    SELECT datname, pg_get_userbyid(datdba), datacl::text FROM pg_database WHERE datname <> 'template0' ORDER BY 1"""
_ROLES = """
    SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, left(rolpassword, 14)
    FROM pg_authid WHERE rolname !~ '^pg_' AND rolname <> 'postgres' ORDER BY 1"""


def _run(server: Throwaway) -> None:
    for service in DATABASES:
        for role in (service, owner_of(service)):
            (server.passwords / role).write_bytes(random_password() + b"\n")
    command = [str(binaries() / "psql"), "-v", f"passwords={server.passwords}", "-f", "databases.sql"]
    done = subprocess.run(
        [*command, server.superuser_url("postgres")],
        cwd=ROOT / "deploy" / "postgres",
        env={"PATH": os.defpath, "PGPASSWORD": server.postgres.password()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def server() -> Iterator[Throwaway]:
    """A server that was made ready as an operator does it, twice."""
    with throwaway_postgres() as made:
        _run(made)
        _run(made)
        yield made


def _look(server: Throwaway, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.superuser_url("postgres"), password=server.postgres.password()) as connection:
        return list(connection.execute(statement.encode()))


def test_databases_and_roles_are_those_of_one_machine(server: Throwaway) -> None:
    with throwaway_postgres() as one_machine:
        for service in DATABASES:
            one_machine.add(service)
        for statement in (_DATABASES, _ROLES):
            assert _look(server, statement) == _look(one_machine, statement)


def test_migrations_run_on_it_and_services_get_in_with_their_own_passwords(server: Throwaway) -> None:
    for service in DATABASES:
        upgrade(service, owner_url(server.postgres, server.passwords, service))
        password = (server.passwords / service).read_text().strip()
        url = server.postgres.socket_url(service, user=service)
        with psycopg.connect(url, password=password) as connection:
            assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_a_service_gets_into_no_other_database(server: Throwaway) -> None:
    password = (server.passwords / "config").read_text().strip()
    for other in ("secrets", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(server.postgres.socket_url(other, user="config"), password=password)
