"""Running a service's Alembic migrations with the owner role, which the service itself does not have.

Imported by whoever deploys, never by a running service.
"""

from pathlib import Path
from typing import Final

from alembic import command, context
from alembic.config import Config
from sqlalchemy import create_engine, pool

SERVICES: Final = Path(__file__).resolve().parent.parent / "services"


def upgrade(service: str, url: str, *, revision: str = "head") -> None:
    """Bring the database of `service` to its newest schema, or up to a revision.

    `url` is the owner's, `postgresql+psycopg://…`.
    """
    config = Config()
    config.set_main_option("script_location", str(SERVICES / service / "migrations").replace("%", "%%"))
    config.attributes["url"] = url
    command.upgrade(config, revision)


def run_environment() -> None:
    """What every service's `migrations/env.py` does: run under short lock and statement timeouts.

    A migration that can't get its lock in time fails and is tried again, instead of stopping all traffic behind it.
    """
    options = "-c lock_timeout=4s -c statement_timeout=60s"
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool, connect_args={"options": options})
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
