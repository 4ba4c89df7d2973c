"""Large tables, as they are right after a restore: no statistics (nobody gathers any, see local/throwaway.py).

`rows/` says what is in them; `.newest.sql` is for tables that earlier schemas don't have. Half of everything is one
tenant's, and one app has as long a history as there are apps.
"""

from pathlib import Path
from typing import Final

from tests.fixtures.postgres import Databases

_ROWS: Final = Path(__file__).with_name("rows")
_MEANT: Final = {
    ":tenant": "CASE WHEN i % 2 = 0 THEN 'acme' ELSE 't' || i % 200 END",
    ":then": "(clock_timestamp() - make_interval(secs => i))",
}
# What other tests had gathered is forgotten.
_WITHOUT_STATISTICS: Final = """
    DO $$ DECLARE name text; kept text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            PERFORM pg_clear_relation_stats('public', name);
            FOR kept IN SELECT attname FROM pg_stats WHERE schemaname = 'public' AND tablename = name LOOP
                PERFORM pg_clear_attribute_stats('public', name, kept, false);
            END LOOP;
        END LOOP;
        FOR name IN SELECT indexname FROM pg_indexes WHERE schemaname = 'public' LOOP
            PERFORM pg_clear_relation_stats('public', name);
        END LOOP;
    END $$"""


def fill(databases: Databases, service: str, *, apps: int) -> None:
    """Fill the service's tables, which must be empty."""
    databases.look(service, _WITHOUT_STATISTICS)
    databases.look(service, rows_of(service, apps=apps))
    if _ROWS.joinpath(f"{service}.newest.sql").exists():
        databases.look(service, rows_of(f"{service}.newest", apps=apps))


def rows_of(service: str, *, apps: int) -> str:
    """Return the statements that make rows about so many apps."""
    statements = (_ROWS / f"{service}.sql").read_text()
    for word, meant in {**_MEANT, ":apps": str(apps), ":history": str(apps)}.items():
        statements = statements.replace(word, meant)
    return statements
