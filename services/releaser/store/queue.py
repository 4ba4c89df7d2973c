"""The SQL of the queue: locking apps, what their orders got before, and writing what new orders become.

The rules are `orders`; `order_book` and `by_hand` bring the transactions.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from paaskit.db import Connection
from services.releaser.domain import AppKey, Versions
from services.releaser.store.rows import changes_of, changes_to
from services.releaser.work.orders import Given, GivenNumbers, Line, Lines, Order, Placement, Queued, Raised, names_of

_LOCK_APPS: Final = """
    SELECT app_id, last_number, removed_at IS NOT NULL AS gone, config_version, secrets_version FROM apps
    WHERE tenant = %(tenant)s AND app_id = ANY(%(ids)s) ORDER BY app_id COLLATE "C" FOR NO KEY UPDATE"""
_GIVEN: Final = """
    SELECT r.* FROM unnest(%(apps)s::text[], %(changes)s::text[]) AS asked (app_id, change_id)
    CROSS JOIN LATERAL (
        SELECT app_id, change_id, part, number, state = 'queued' AS queued, config_version, secrets_version, changes
        FROM releases
        WHERE tenant = %(tenant)s AND change_id = asked.change_id AND app_id = asked.app_id OFFSET 0) AS r
    ORDER BY r.part"""
# An app whose order names no version of config is not settled: what its next release has is asked when it starts.
# A runner deletes the row of work only with the app locked, as it is here: one that is there now is looked at again.
_QUEUE: Final = """
    WITH o AS (
        SELECT * FROM unnest(%(apps)s::text[], %(numbers)s::bigint[], %(change_ids)s::text[], %(parts)s::smallint[],
                             %(kinds)s::text[], %(gone)s::bool[], %(descriptions)s::text[], %(actors)s::text[],
                             %(config_versions)s::bigint[], %(secrets_versions)s::bigint[], %(released)s::text[],
                             %(sources)s::bigint[])
            AS o (app_id, number, change_id, part, kind, gone, description, actor, config_version, secrets_version,
                  changes, source_release)),
    counted AS (
        UPDATE apps a SET last_number = greatest(a.last_number, n.number), settled = a.settled AND n.settled,
            config_version = greatest(a.config_version, n.config_version),
            secrets_version = greatest(a.secrets_version, n.secrets_version)
        FROM (SELECT app_id, max(number) AS number, max(config_version) AS config_version,
                     max(secrets_version) AS secrets_version, bool_and(config_version IS NOT NULL) AS settled
              FROM o GROUP BY app_id) n
        WHERE a.tenant = %(tenant)s AND a.app_id = n.app_id),
    opened AS (
        INSERT INTO work (tenant, app_id) SELECT DISTINCT %(tenant)s, app_id FROM o WHERE NOT gone
        ON CONFLICT (tenant, app_id) DO NOTHING)
    INSERT INTO releases (tenant, app_id, number, change_id, part, kind, state, description, actor, config_version,
        secrets_version, changes, source_release, finished_at, message)
    SELECT %(tenant)s, o.app_id, o.number, o.change_id, o.part, o.kind,
        CASE WHEN o.gone THEN 'failed' ELSE 'queued' END, o.description, o.actor, o.config_version, o.secrets_version,
        o.changes::jsonb, o.source_release, CASE WHEN o.gone THEN clock_timestamp() END,
        CASE WHEN o.gone THEN 'The app was destroyed.' ELSE '' END
    FROM o"""
# Whatever is behind the one that is raised may come to supersede it, so it has to have the same at least.
_RAISE: Final = """
    UPDATE releases SET config_version = greatest(config_version, %(config_version)s::bigint),
        secrets_version = greatest(secrets_version, %(secrets_version)s::bigint),
        changes = CASE WHEN number = %(number)s THEN %(released)s::jsonb ELSE changes END
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number >= %(number)s AND state = 'queued'"""
_RAISE_TARGETS: Final = """
    UPDATE apps SET config_version = greatest(config_version, %(config_version)s::bigint),
        secrets_version = greatest(secrets_version, %(secrets_version)s::bigint)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""


class QueueLook:
    """Statements on their way that lock apps of one tenant and read what their orders got before."""

    def __init__(self, tenant: str, locked: Any, given: Any) -> None:
        self._tenant = tenant
        self._locked = locked
        self._given = given

    async def results(self) -> tuple[Lines, GivenNumbers]:
        """Return how the apps' queues stand, and the releases that the changes have."""
        lines = {
            self._key(row): Line(last_number=row.last_number, gone=row.gone, targets=_versions(row))
            for row in await self._locked.fetchall()
        }
        given: dict[tuple[AppKey, str], Given] = {}
        for row in await self._given.fetchall():
            changes, earlier = changes_of(row.changes), given.get((self._key(row), row.change_id))
            given[self._key(row), row.change_id] = Given(
                number=row.number,
                part=row.part,
                queued=row.queued,
                versions=_versions(row),
                changes=changes,
                named=names_of(changes) | (earlier.named if earlier else frozenset()),
            )
        return lines, given

    def _key(self, row: Any) -> AppKey:
        return AppKey(tenant=self._tenant, app_id=row.app_id)


async def look(connection: Connection, tenant: str, orders: Sequence[tuple[AppKey, str]]) -> QueueLook:
    """Send what locks the apps of (app, change id) and reads what these got before."""
    pairs = sorted({(key.app_id, change_id) for key, change_id in orders})
    asked = {
        "tenant": tenant,
        "ids": sorted({app_id for app_id, _ in pairs}),
        "apps": [app_id for app_id, _ in pairs],
        "changes": [change_id for _, change_id in pairs],
    }
    return QueueLook(tenant, await connection.execute(_LOCK_APPS, asked), await connection.execute(_GIVEN, asked))


async def write(connection: Connection, tenant: str, placement: Placement) -> None:
    """Write what orders become, and have a runner look at their apps."""
    if placement.queued:
        await connection.execute(_QUEUE, {"tenant": tenant, **_columns(placement.queued)})
    for raised in placement.raised:
        await connection.execute(_RAISE, _raised(raised))
        await connection.execute(_RAISE_TARGETS, _raised(raised))


def _columns(queued: Sequence[Queued]) -> dict[str, Any]:
    orders: list[Order] = [each.order for each in queued]
    return {
        "apps": [order.key.app_id for order in orders],
        "numbers": [each.number for each in queued],
        "change_ids": [order.change_id for order in orders],
        "parts": [each.part for each in queued],
        "kinds": [order.kind.value for order in orders],
        "gone": [each.gone for each in queued],
        "descriptions": [order.description for order in orders],
        "actors": [order.actor for order in orders],
        "config_versions": [each.versions.config for each in queued],
        "secrets_versions": [each.versions.secrets for each in queued],
        "released": [json.dumps(changes_to(order.changes)) for order in orders],
        "sources": [order.source_release for order in orders],
    }


def _raised(raised: Raised) -> dict[str, Any]:
    return {
        "tenant": raised.key.tenant,
        "app_id": raised.key.app_id,
        "number": raised.number,
        "config_version": raised.versions.config,
        "secrets_version": raised.versions.secrets,
        "released": json.dumps(changes_to(raised.changes)),
    }


def _versions(row: Any) -> Versions:
    return Versions(config=row.config_version, secrets=row.secrets_version)
