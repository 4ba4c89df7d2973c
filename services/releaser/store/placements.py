"""The SQL of placements: where in the cluster an app is, and what of it was put there.

Written before the cluster is written to, so that whatever a killed releaser left is found again. Holds no value.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paaskit.db import Database
from services.releaser.domain import AppKey
from services.releaser.manifests import Place

_COLUMNS: Final = "tenant, app_id, app, namespace, name, container, adopted, instances, good, secrets, plain, sealed"
_PLACE: Final = f"""
    INSERT INTO placements (tenant, app_id, app, namespace, name, container, adopted, secrets)
    VALUES (%(tenant)s, %(app_id)s, %(app)s, %(namespace)s, %(name)s, %(container)s, %(adopted)s,
        ARRAY[%(release)s::bigint])
    ON CONFLICT (tenant, app_id) DO UPDATE SET
        -- Where nobody names one, it is the one that was found before.
        container = coalesce(nullif(excluded.container, ''), placements.container),
        secrets = CASE WHEN %(release)s = ANY(placements.secrets) THEN placements.secrets
            ELSE placements.secrets || %(release)s::bigint END
    RETURNING {_COLUMNS}"""
_INSTANCES: Final = """
    UPDATE placements SET instances = %(instances)s WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""
# What comes up is as it should be, so whatever drifted before is over.
_GOOD: Final = """
    UPDATE placements SET good = %(good)s, plain = %(plain)s::text[], sealed = %(sealed)s::text[],
        drift_by = NULL, drift_names = '{}', drift_at = NULL
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""
_FORGET_SECRETS: Final = """
    UPDATE placements SET secrets = ARRAY(SELECT s FROM unnest(secrets) AS s WHERE s <> ALL(%(gone)s::bigint[]))
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""
_FIND: Final = f"SELECT {_COLUMNS} FROM placements WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
_FORGET: Final = "DELETE FROM placements WHERE tenant = %(tenant)s AND app_id = %(app_id)s"
_NAMESPACES: Final = "SELECT DISTINCT namespace FROM placements ORDER BY namespace"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """An app in the cluster.

    `instances` is how many were asked for last, None for none yet; `good` the newest release that came up, None for
    none yet; `secrets` the releases whose Secrets may be there. `plain` and `sealed` are the names of that release's
    config vars and secrets.
    """

    key: AppKey
    app: str
    place: Place
    instances: int | None = None
    good: int | None = None
    secrets: Sequence[int] = ()
    plain: Sequence[str] = ()
    sealed: Sequence[str] = ()


class PlacementStore:
    """The placements of all tenants: whoever looks after what runs has to find it, whoever's it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(self, key: AppKey, app: str, place: Place, *, release: int) -> Placement:
        """Write down that the app is about to be in `place` with the Secret of `release`; what is known of it."""
        values = _named(key) | {
            "app": app,
            "namespace": place.namespace,
            "name": place.name,
            "container": place.container,
            "adopted": place.adopted,
            "release": release,
        }
        (row,) = await self._database.execute(_PLACE, values)
        return _placement(row)

    async def find(self, key: AppKey) -> Placement | None:
        """Return what is known of an app, or None where it never was in the cluster."""
        rows = await self._database.fetch_unscoped(_FIND, _named(key))
        return _placement(rows[0]) if rows else None

    async def namespaces(self) -> list[str]:
        """Return the namespaces where apps are."""
        return [row.namespace for row in await self._database.fetch_unscoped(_NAMESPACES, {})]

    async def asked_for(self, key: AppKey, instances: int) -> None:
        """Write down how many instances were asked for."""
        await self._database.execute(_INSTANCES, _named(key) | {"instances": instances})

    async def came_up(self, key: AppKey, release: int, *, plain: Collection[str], sealed: Collection[str]) -> None:
        """Write down the newest release that came up, with the names of its config vars and secrets."""
        values = {"good": release, "plain": sorted(plain), "sealed": sorted(sealed)}
        await self._database.execute(_GOOD, _named(key) | values)

    async def secrets_gone(self, key: AppKey, releases: Sequence[int]) -> None:
        """Write down that the Secrets of these releases are deleted."""
        await self._database.execute(_FORGET_SECRETS, _named(key) | {"gone": list(releases)})

    async def forget(self, key: AppKey) -> None:
        """Write down that nothing of the app is in the cluster any more."""
        await self._database.execute(_FORGET, _named(key))


def _named(key: AppKey) -> dict[str, Any]:
    return {"tenant": key.tenant, "app_id": key.app_id}


def _placement(row: Any) -> Placement:
    return Placement(
        key=AppKey(tenant=row.tenant, app_id=row.app_id),
        app=row.app,
        place=Place(namespace=row.namespace, name=row.name, container=row.container, adopted=row.adopted),
        instances=row.instances,
        good=row.good,
        secrets=tuple(row.secrets),
        plain=tuple(row.plain),
        sealed=tuple(row.sealed),
    )
