"""The columns that become the domain's dataclasses, shared by the modules that hold config's SQL."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from paaskit.db import Connection, Row
from paaskit.errors import InvalidInput
from services.config.domain import App
from services.config.plan import AppSpec, Entry, Kind, Totals

APP_COLUMNS: Final = """
    a.app_id, a.name, a.version, a.names, a.bytes, a.next_position, a.created_at,
    s.command, s.image, s.instances, s.health_path"""
LIVING: Final = """
    apps a JOIN specs s ON s.tenant = a.tenant AND s.app_id = a.app_id AND s.valid_to IS NULL
    WHERE a.destroyed_at IS NULL AND"""
APP_BY_NAME: Final = f"SELECT {APP_COLUMNS} FROM {LIVING} a.name = %s"
APP_BY_ID: Final = f"SELECT {APP_COLUMNS} FROM {LIVING} a.app_id = %s"
ENTRY_COLUMNS: Final = "v.name, v.kind, v.value, v.addon, v.size, v.position"
_ENTRIES_AT: Final = f"""
    SELECT {ENTRY_COLUMNS} FROM vars v
    WHERE v.app_id = %(app_id)s AND v.valid_from <= %(version)s
      AND (v.valid_to IS NULL OR v.valid_to > %(version)s)
    ORDER BY v.position"""
_SPEC_AT: Final = """
    SELECT command, image, instances, health_path FROM specs
    WHERE app_id = %(app_id)s AND valid_from <= %(version)s AND (valid_to IS NULL OR valid_to > %(version)s)"""


async def at_version(connection: Connection, app_id: str, version: int) -> tuple[AppSpec, Mapping[str, Entry]]:
    """Return the spec and the entries of an earlier version. Raises InvalidInput where there was none."""
    parameters = {"app_id": app_id, "version": version}
    specs = await connection.execute(_SPEC_AT, parameters)
    entries = await connection.execute(_ENTRIES_AT, parameters)
    spec = await specs.fetchone()
    if spec is None:
        raise InvalidInput(f"The app had no version {version}.")
    return spec_of(spec), entries_of(await entries.fetchall())


def app_of(row: Row) -> App:
    """Return the app in a row of `APP_BY_NAME` and its like."""
    return App(
        app_id=row[0],
        name=row[1],
        version=row[2],
        totals=Totals(names=row[3], size=row[4], next_position=row[5]),
        created_at=row[6],
        spec=spec_of(row[7:]),
    )


def spec_of(row: Row) -> AppSpec:
    """Return the spec in four columns."""
    return AppSpec(command=tuple(row[0]), image=row[1], instances=row[2], health_path=row[3])


def spec_columns(spec: AppSpec) -> tuple[Any, ...]:
    """Return the four columns of a spec."""
    return (list(spec.command), spec.image, spec.instances, spec.health_path)


def entries_of(rows: Sequence[Row]) -> dict[str, Entry]:
    """Return the entries in rows of `ENTRY_COLUMNS`, by name."""
    return {row[0]: entry_of(row) for row in rows}


def entry_of(row: Row) -> Entry:
    """Return the entry in the columns `ENTRY_COLUMNS`."""
    return Entry(name=row[0], kind=Kind(row[1]), value=row[2], addon=row[3], size=row[4], position=row[5])
