"""The services' databases: one each, a login role for the service and an owner role for its migrations.

Done again only where something differs from what was applied, so a warm start imports no database library.
It must not contain any service's schema; that is in the service's migrations.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from local.failures import LocalFailure
from local.ports import DASHBOARD, SERVICES
from local.postgres import SUPERUSER, Postgres
from local.private_files import keep_private, write_private
from local.secrets_made import random_password

APPLIED = "applied.json"

Upgrade = Callable[[str, str], None]
"""Brings the database of a service, reached by an owner's SQLAlchemy URL, to its newest schema."""


def migrations_in(clone: Path) -> dict[str, Path]:
    """The migrations of each that has a database, in a clone of this repository."""
    return {service: clone / "services" / service / "migrations" for service in SERVICES} | {
        DASHBOARD: clone / DASHBOARD / "migrations"
    }


def owner_of(service: str) -> str:
    """The role that owns the service's database; the service itself never has its password."""
    return f"{service}_owner"


def ensure_passwords(folder: Path, services: Iterable[str]) -> None:
    """A password file for each role, made where there is none."""
    for service in services:
        for role in (service, owner_of(service)):
            keep_private(folder / role, random_password)


def wanted_state(migrations: Mapping[str, Path], passwords: Path) -> dict[str, str]:
    """A digest for each that has migrations, in the folders given, and roles with passwords."""
    return {service: _digest(folder, passwords, service) for service, folder in migrations.items()}


def is_applied(postgres: Postgres, wanted: dict[str, str]) -> bool:
    """Whether that state is what was applied last."""
    try:
        return bool(json.loads((postgres.folder / APPLIED).read_bytes()) == wanted)
    except (FileNotFoundError, ValueError):
        return False


def apply(postgres: Postgres, passwords: Path, *, wanted: dict[str, str], upgrade: Upgrade) -> None:
    """Makes roles and databases and runs the migrations, then notes that it did. PostgreSQL must be ready.

    Safe to repeat and to interrupt. Raises LocalFailure naming the service whose migration failed.
    """
    for service in wanted:
        _make(postgres, passwords, service)
        try:
            upgrade(service, owner_url(postgres, passwords, service))
        except Exception as error:
            # Its text may quote data or the URL.
            raise LocalFailure(f"The migrations of {service} failed: {type(error).__name__}.") from error
    write_private(postgres.folder / APPLIED, json.dumps(wanted).encode())


def owner_url(postgres: Postgres, passwords: Path, service: str) -> str:
    """SQLAlchemy's URL of the owner role, password included."""
    password = (passwords / owner_of(service)).read_text().strip()
    host = quote(str(postgres.socket_folder), safe="")
    return f"postgresql+psycopg://{owner_of(service)}:{quote(password, safe='')}@/{service}?host={host}"


def _digest(migrations: Path, passwords: Path, service: str) -> str:
    # With what `_make` does, so that a cluster that was made by an earlier one gets it too.
    digest = hashlib.sha256(inspect.getsource(_make).encode())
    for path in sorted(migrations.rglob("*.py")):
        digest.update(f"{path.relative_to(migrations)}\0".encode() + path.read_bytes() + b"\0")
    for role in (service, owner_of(service)):
        digest.update((passwords / role).read_bytes() + b"\0")
    return digest.hexdigest()


def _make(postgres: Postgres, passwords: Path, service: str) -> None:
    import psycopg
    from psycopg import sql

    role, owner = sql.Identifier(service), sql.Identifier(owner_of(service))
    url = postgres.socket_url("postgres", user=SUPERUSER)
    with psycopg.connect(url, password=postgres.password(), autocommit=True) as connection:
        for name in (service, owner_of(service)):
            # The server gets a SCRAM verifier and never sees the password, so no log of its can hold it.
            verifier = connection.pgconn.encrypt_password(
                (passwords / name).read_bytes().strip(), name.encode(), b"scram-sha-256"
            ).decode()
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
            verb = sql.SQL("ALTER" if exists else "CREATE")
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                    verb, sql.Identifier(name), sql.Literal(verifier)
                )
            )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (service,)).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, owner))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(role))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(role, role))
        for other in ("postgres", "template1"):
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(other)))
