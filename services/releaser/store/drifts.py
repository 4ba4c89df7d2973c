"""The SQL of drift: what somebody changed of an app's environment past us. Names and who, never a value."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from paaskit.audit import AuditEvent
from paaskit.db import Database
from paaskit.trail import Trail
from services.releaser.domain import AppKey

# The same drift is seen again each time the object changes, and by every process that watches: told of it is once.
_DRIFTED: Final = """
    UPDATE placements SET drift_by = %(by)s, drift_names = %(names)s::text[], drift_at = clock_timestamp()
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND good = %(release)s
      AND (drift_by, drift_names) IS DISTINCT FROM (%(by)s::text, %(names)s::text[])
    RETURNING app"""
_MENDED: Final = """
    UPDATE placements SET drift_by = NULL, drift_names = '{}', drift_at = NULL
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND drift_by IS NOT NULL"""
_FIND: Final = """
    SELECT drift_by, drift_names, drift_at, sealed FROM placements
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND drift_by IS NOT NULL"""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Config vars and secrets that are not what the release gave, by name, and who has them now: a field manager."""

    manager: str
    names: tuple[str, ...]
    secrets: tuple[str, ...]
    at: datetime


class DriftStore:
    """What is known of drift."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail

    async def drifted(self, key: AppKey, *, release: int, manager: str, names: Collection[str]) -> None:
        """Write down what drifted from `release`, with its audit event, unless the same is written down already."""
        values = _named(key) | {"release": release, "by": manager, "names": sorted(names)}
        async with self._database.transaction(key.tenant) as connection:
            row = await (await connection.execute(_DRIFTED, values)).fetchone()
            if row is None:
                return
            event = AuditEvent(
                tenant=key.tenant,
                action="apps.drift",
                actor=f"kubernetes:{manager}",
                app=row.app,
                app_id=key.app_id,
                targets=tuple(sorted(names)),
                version=release,
            )
            await self._trail.add(connection, event)
        self._trail.committed()

    async def mended(self, key: AppKey) -> None:
        """Write down that nothing of the app drifts any more."""
        await self._database.execute(_MENDED, _named(key))

    async def find(self, key: AppKey) -> Drift | None:
        """Return what drifted, or None."""
        rows = await self._database.fetch_unscoped(_FIND, _named(key))
        if not rows:
            return None
        row = rows[0]
        sealed = set(row.sealed)
        return Drift(
            manager=row.drift_by,
            names=tuple(name for name in row.drift_names if name not in sealed),
            secrets=tuple(name for name in row.drift_names if name in sealed),
            at=row.drift_at,
        )


def _named(key: AppKey) -> dict[str, Any]:
    return {"tenant": key.tenant, "app_id": key.app_id}
