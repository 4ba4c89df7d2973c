"""Running a service's Alembic migrations with the owner role, which the service itself does not have.

Imported by whoever deploys, never by a running service.
"""

from functools import partial
from pathlib import Path
from typing import Final

import psycopg
from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import create_engine, pool, text

_ROOT: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = {
    path.parent.name: path
    for path in (*sorted(_ROOT.glob("services/*/migrations")), _ROOT / "dashboard" / "migrations")
}
"""The migrations of each that has a database: the services, and the dashboard."""
_SQLALCHEMY: Final = "postgresql+psycopg://"


def upgrade(service: str, url: str, *, password: str | None = None, revision: str = "head") -> None:
    """Bring the database of `service` to its newest schema, or up to a revision.

    `url` is the owner's, `postgresql://…` as PostgreSQL's own programs take it or `postgresql+psycopg://…`.
    """
    config = _config(service)
    config.attributes["service"], config.attributes["url"], config.attributes["password"] = service, url, password
    command.upgrade(config, revision)


def is_ready_for(service: str, url: str, *, password: str) -> bool:
    """Whether the database of `service` has the schema that this code needs, or a newer one.

    `url` and `password` are the service's own. A revision that this code has never heard of is a newer one: migrations
    run ahead of the code, and code of before goes on meanwhile. Raises psycopg.Error where it can't be told.
    """
    revisions = ScriptDirectory.from_config(_config(service))
    with psycopg.connect(url, password=password, connect_timeout=5) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return False
        found = {str(row[0]) for row in connection.execute("SELECT version_num FROM alembic_version")}
    older = {each.revision for each in revisions.walk_revisions()} - set(revisions.get_heads())
    return bool(found) and not found & older


def run_environment() -> None:
    """What every service's `migrations/env.py` does: run under short lock and statement timeouts.

    A migration that can't get its lock in time fails and is tried again, instead of stopping all traffic behind it.
    """
    given = context.config.attributes
    connect = partial(
        psycopg.connect,
        given["url"].replace(_SQLALCHEMY, "postgresql://", 1),
        password=given["password"],
        options="-c lock_timeout=4s -c statement_timeout=60s",
    )
    engine = create_engine(_SQLALCHEMY, poolclass=pool.NullPool, creator=connect)
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
            # So that the service can tell whether its schema is there.
            grant = sql.SQL("GRANT SELECT ON alembic_version TO {}").format(sql.Identifier(given["service"]))
            connection.execute(text(grant.as_string()))
    engine.dispose()


def _config(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDERS[service]).replace("%", "%%"))
    return config
