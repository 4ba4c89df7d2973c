"""Write `docs/schema/<service>.md` for every service, and for the dashboard: `python -m local.schema [FOLDER]`.

Runs the migrations on a PostgreSQL of its own. What it writes is committed; a test makes it again and compares.
"""

import sys
from pathlib import Path

import psycopg

from local.failures import LocalFailure
from local.layout import CLONE
from local.ports import DATABASES
from local.schema.catalog import read_schema
from local.schema.pages import page
from local.throwaway import throwaway_postgres

FOLDER = CLONE / "docs" / "schema"


def main(folder: Path) -> None:
    """Writes the pages. Raises LocalFailure where a migration fails or a page can't show everything."""
    folder.mkdir(parents=True, exist_ok=True)
    with throwaway_postgres() as server:
        for service in DATABASES:
            server.add(service)
            url, password = server.superuser_url(service), server.postgres.password()
            with psycopg.connect(url, password=password) as connection:
                text = page(service, read_schema(connection))
            (folder / f"{service}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
    except LocalFailure as failure:
        sys.exit(str(failure))
