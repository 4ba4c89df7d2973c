"""An installation with rows is brought to the newest schema, and loses none.

From the revision before the indexes that the plans go by. What each migration does to rows is tested where it changes
any.
"""

import pytest

from tests.architecture.sources import SERVICES
from tests.fixtures.postgres import Databases
from tests.integration.plans.filled import rows_of

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"


@pytest.mark.parametrize(
    "service",
    ["tokens", *(pytest.param(service, marks=pytest.mark.thorough) for service in SERVICES if service != "tokens")],
)
async def test_an_upgrade_keeps_every_row(service: str, databases: Databases) -> None:
    with databases.earlier(service, revision="0002" if service == "audit" else "0003") as earlier:
        earlier.look(rows_of(service, apps=20))
        tables = [name for (name,) in earlier.look(_TABLES)]
        columns = {name: ", ".join(column for (column,) in earlier.look(_COLUMNS, (name,))) for name in tables}
        rows = {name: f"SELECT {columns[name]} FROM {name}" for name in tables}  # noqa: S608  # names of the catalog
        before = {name: earlier.look(statement) for name, statement in rows.items()}
        assert any(before.values())
        earlier.upgrade()
        assert {name: earlier.look(statement) for name, statement in rows.items()} == before
        async with earlier.open() as database:
            own = {"audit": "events", "tokens": "tokens"}.get(service, "apps")
            assert {row.tenant for row in await database.fetch("acme", f"TABLE {own}")} == {"acme"}
