"""Filling a running stack's databases: as they are after a restore, without statistics, and with them.

Half of everything is the tenant's that is measured. Rows are written past the services, so values can't be revealed:
those that are to be are set by calls.
"""

from pathlib import Path
from typing import Final

import psycopg

from bench.platform import Bench
from local.ports import SERVICES

EACH: Final = 10
"""How many secrets, and how many events, an app has."""
ACTIONS: Final = (
    *("apps.create", "apps.update", "config.set", "config.stage", "config.unset"),
    *("releases.create", "releases.finish", "secrets.get", "secrets.set", "secrets.unset"),
)
"""What the events of an app say was done, one each."""
_ROWS: Final = Path(__file__).with_name("rows")
_TENANT: Final = "CASE WHEN i % 2 = 0 THEN 'bench' ELSE 't' || i % 1000 END"
_WITHOUT_STATISTICS: Final = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = off)', name);
        END LOOP;
    END $$"""

# A history of so many versions, each released, for an app that has one variable and one secret.
_HISTORY: Final = {
    "config": """
        INSERT INTO vars (tenant, app_id, name, valid_from, valid_to, kind, value, addon, size, position)
        SELECT tenant, app_id, 'OLD', i, i + 1, 'config', 'value', '', 8, 99
        FROM apps, generate_series(version + 1, version + :versions) i WHERE tenant = 'bench' AND name = ':app';
        UPDATE apps SET version = version + :versions + 1 WHERE tenant = 'bench' AND name = ':app'""",
    "secrets": """
        INSERT INTO sealed (tenant, app_id, name, valid_from, valid_to, kind, generation, sealed, size, position)
        SELECT tenant, app_id, 'OLD', i, i + 1, 'secret', 1, sha256('x'), 8, 99
        FROM apps, generate_series(version + 1, version + :versions) i WHERE tenant = 'bench' AND name = ':app';
        UPDATE apps SET version = version + :versions + 1 WHERE tenant = 'bench' AND name = ':app'""",
    "releaser": """
        INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, started_at,
                              finished_at)
        SELECT tenant, app_id, i, 'old-' || i, 'change', CASE WHEN i % 2 = 0 THEN 'failed' ELSE 'superseded' END, '',
               'user:bench', CASE WHEN i % 2 = 0 THEN now() END, now()
        FROM apps, generate_series(last_number + 1, last_number + :versions) i
        WHERE tenant = 'bench' AND name = ':app';
        UPDATE apps SET last_number = last_number + :versions WHERE tenant = 'bench' AND name = ':app'""",
}


def fill(bench: Bench, *, apps: int) -> None:
    """Make so many apps, with ten secrets and ten events each, and keep statistics from being gathered."""
    for service in SERVICES:
        statements = (_ROWS / f"{service}.sql").read_text().replace(":tenant", _TENANT).replace(":apps", str(apps))
        statements = statements.replace(":actions", ", ".join(f"'{action}'" for action in ACTIONS))
        with _superuser(bench, service) as connection:
            connection.execute(_WITHOUT_STATISTICS)
            connection.execute(statements.encode())


def lengthen(bench: Bench, app: str, *, versions: int) -> None:
    """Give an app so many more versions in its past."""
    for service, statements in _HISTORY.items():
        text = statements.replace(":versions", str(versions)).replace(":app", app)
        with _superuser(bench, service) as connection:
            connection.execute(text.encode())


def analyze(bench: Bench) -> None:
    """Gather statistics, as a running installation does by itself."""
    for service in SERVICES:
        with _superuser(bench, service) as connection:
            connection.execute("ANALYZE")


def _superuser(bench: Bench, service: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(bench.database(service), autocommit=True)
