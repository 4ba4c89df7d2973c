"""The SQL of what a release of an app is given of shared groups, in one transaction with its rules."""

from collections.abc import Sequence
from typing import Any, Final

from paaskit.db import Connection, Database
from services.releaser.domain import FanOutState, GroupRef, Kind, Pin, Versions
from services.releaser.store.leases import HOLD, Lease, LeaseStore, removal_of
from services.releaser.work.groups.pins import Found, UnderWay, joins, pin_of

# The app and its groups, in the order in which whoever locks several apps locks them.
_LOCK: Final = """
    SELECT app_id, name FROM apps
    WHERE tenant = %(tenant)s AND app_id = ANY(%(ids)s) ORDER BY app_id COLLATE "C" FOR NO KEY UPDATE"""
_SETTLED: Final = """
    SELECT group_id, name, config_version, secrets_version FROM pins
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND place IS NOT NULL ORDER BY place"""
_FOUND: Final = """
    WITH good AS MATERIALIZED (
        SELECT coalesce(max(number), 0) AS number FROM (
            SELECT number FROM releases
            WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND state = 'succeeded' AND number < %(number)s
            ORDER BY number DESC LIMIT 1) AS newest),
    of_groups AS MATERIALIZED (
        SELECT asked.group_id, coalesce(newest.number, 0) AS number, config_version, secrets_version
        FROM unnest(%(groups)s::text[]) AS asked (group_id)
        LEFT JOIN LATERAL (
            SELECT number, config_version, secrets_version FROM releases
            WHERE tenant = %(tenant)s AND app_id = asked.group_id AND state = 'succeeded'
            ORDER BY number DESC LIMIT 1) AS newest ON true)
    SELECT of_group.group_id, kept.config_version AS kept_config, kept.secrets_version AS kept_secrets,
        ordered.config_version AS ordered_config, ordered.secrets_version AS ordered_secrets,
        greatest(of_group.config_version, back.config_version) AS good_config,
        greatest(of_group.secrets_version, back.secrets_version) AS good_secrets, under_way.*
    FROM good CROSS JOIN of_groups AS of_group
    LEFT JOIN LATERAL (
        SELECT config_version, secrets_version FROM pins
        WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = good.number AND group_id = of_group.group_id
          AND place IS NOT NULL OFFSET 0) AS kept ON true
    LEFT JOIN LATERAL (
        SELECT max(p.config_version) AS config_version, max(p.secrets_version) AS secrets_version
        FROM (SELECT * FROM pins
              WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number > good.number AND number <= %(number)s
                AND group_id = of_group.group_id AND place IS NULL OFFSET 0) AS p
        CROSS JOIN LATERAL (
            SELECT superseded_by FROM releases
            WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = p.number OFFSET 0) AS r
        WHERE p.number = %(number)s OR r.superseded_by = %(number)s) AS ordered ON true
    LEFT JOIN LATERAL (
        SELECT config_version, secrets_version FROM releases
        WHERE tenant = %(tenant)s AND app_id = of_group.group_id AND number > of_group.number
          AND kind = 'revert' AND state = 'failed'
        ORDER BY number DESC LIMIT 1) AS back ON true
    LEFT JOIN LATERAL (
        SELECT number, kind, fan_out, config_version, secrets_version FROM releases
        WHERE tenant = %(tenant)s AND app_id = of_group.group_id AND state = 'running' LIMIT 1) AS under_way ON true"""
_WRITE: Final = """
    INSERT INTO pins (tenant, app_id, number, group_id, name, place, config_version, secrets_version)
    SELECT %(tenant)s, %(app_id)s, %(number)s, pin.*
    FROM unnest(%(groups)s::text[], %(names)s::text[], %(places)s::smallint[], %(config)s::bigint[],
                %(secrets)s::bigint[]) AS pin
    ON CONFLICT (tenant, app_id, number, group_id) DO UPDATE SET name = excluded.name, place = excluded.place,
        config_version = excluded.config_version, secrets_version = excluded.secrets_version"""
_JOIN: Final = """
    INSERT INTO members (tenant, group_id, number, app_id, app)
    SELECT %(tenant)s, release.group_id, release.number, %(app_id)s, %(app)s
    FROM unnest(%(groups)s::text[], %(numbers)s::bigint[]) AS release (group_id, number)
    ON CONFLICT DO NOTHING"""


class PinStore:
    """What releases are given of shared groups."""

    def __init__(self, database: Database, leases: LeaseStore) -> None:
        self._database = database
        self._leases = leases

    async def settle(self, lease: Lease, number: int, groups: Sequence[GroupRef]) -> tuple[Pin, ...]:
        """Settle what a release of an app is given of its groups, unless that was done; return it, in their order.

        Where a group's release is under way that this one begins without, the app joins those that it goes out to.
        Raises LeaseLost.
        """
        ids = [group.group_id for group in groups]
        asked = self._leases.named(lease) | {"number": number, "ids": [lease.key.app_id, *ids], "groups": ids}
        async with self._database.transaction(lease.key.tenant) as connection:
            # All that is locked is locked before anything is read: see `MemberStore.close`.
            locked = await connection.execute(_LOCK, asked)
            held = await connection.execute(HOLD, asked)
            settled = await connection.execute(_SETTLED, asked)
            found = await connection.execute(_FOUND, asked)
            names = {row.app_id: row.name for row in await locked.fetchall()}
            removal_of(await held.fetchone())
            rows = await settled.fetchall()
            if rows:
                return tuple(_pin(row) for row in rows)
            of = {row.group_id: row for row in await found.fetchall()}
            looked = [_found(group, of[group.group_id]) for group in groups]
            pins = tuple(pin_of(each) for each in looked)
            await connection.execute(_WRITE, asked | _columns(pins))
            joined = [each for each, pin in zip(looked, pins, strict=True) if joins(each, pin)]
            if joined:
                await _join(connection, asked | {"app": names.get(lease.key.app_id) or lease.key.app_id}, joined)
        return pins


async def _join(connection: Connection, asked: dict[str, Any], joined: Sequence[Found]) -> None:
    releases = [(each.group.group_id, each.under_way.number) for each in joined if each.under_way is not None]
    groups, numbers = [group for group, _ in releases], [number for _, number in releases]
    await connection.execute(_JOIN, asked | {"groups": groups, "numbers": numbers})


def _found(group: GroupRef, row: Any) -> Found:
    return Found(
        group=group,
        kept=Versions(config=row.kept_config, secrets=row.kept_secrets),
        ordered=Versions(config=row.ordered_config, secrets=row.ordered_secrets),
        good=Versions(config=row.good_config, secrets=row.good_secrets),
        under_way=None
        if row.number is None
        else UnderWay(
            number=row.number,
            kind=Kind(row.kind),
            versions=Versions(config=row.config_version, secrets=row.secrets_version),
            done=row.fan_out == FanOutState.DONE,
        ),
    )


def _pin(row: Any) -> Pin:
    return Pin(
        group=GroupRef(group_id=row.group_id, name=row.name),
        versions=Versions(config=row.config_version, secrets=row.secrets_version),
    )


def _columns(pins: Sequence[Pin]) -> dict[str, Any]:
    return {
        "groups": [pin.group.group_id for pin in pins],
        "names": [pin.group.name for pin in pins],
        "places": list(range(1, len(pins) + 1)),
        "config": [pin.versions.config for pin in pins],
        "secrets": [pin.versions.secrets for pin in pins],
    }
