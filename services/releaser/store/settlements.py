"""The SQL of what becomes of a failed release's change, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from paaskit.db import Connection
from services.releaser.domain import SERVICE_ACTOR, Release, Versions
from services.releaser.store.leases import Lease, LeaseStore

_NEWEST_QUEUED: Final = """
    SELECT number FROM releases
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND state = 'queued' ORDER BY number DESC LIMIT 1"""
_RAISE_TARGETS: Final = """
    UPDATE apps SET config_version = greatest(config_version, %(config_version)s::bigint),
        secrets_version = greatest(secrets_version, %(secrets_version)s::bigint)
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s"""
_RAISE_QUEUED: Final = """
    UPDATE releases r SET config_version = greatest(r.config_version, apps.config_version),
        secrets_version = greatest(r.secrets_version, apps.secrets_version)
    FROM apps WHERE apps.tenant = %(tenant)s AND apps.app_id = %(app_id)s
      AND r.tenant = %(tenant)s AND r.app_id = %(app_id)s AND r.state = 'queued'"""
_QUEUE_REVERT: Final = """
    WITH counted AS (
        UPDATE apps SET last_number = last_number + 1 WHERE tenant = %(tenant)s AND app_id = %(app_id)s
        RETURNING last_number, config_version, secrets_version)
    INSERT INTO releases (tenant, app_id, number, change_id, kind, state, description, actor, source_release,
        config_version, secrets_version)
    SELECT %(tenant)s, %(app_id)s, last_number, %(change_id)s, 'revert', 'queued', %(description)s, %(actor)s,
        %(reverted_to)s, config_version, secrets_version
    FROM counted RETURNING number"""
# Where nothing was applied since the last good release, that is what runs, and nothing has to be released for it.
_TOUCHED: Final = """
    SELECT 1 FROM releases
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number BETWEEN %(reverted_to)s AND %(number)s
      AND state = 'failed' AND NOT untouched LIMIT 1"""
_SETTLE: Final = """
    UPDATE releases SET undo_due = false, message = %(message)s, reverted_to = %(reverted_to)s,
        reverted_names = %(names)s, reverted_secrets = %(secrets)s, revert_release = %(revert_release)s
    WHERE tenant = %(tenant)s AND app_id = %(app_id)s AND number = %(number)s AND undo_due"""


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What became of a failed release's change.

    `reverted_to` is the last good release where something of it was taken back; `versions` then have that. It is not
    `whole` where not everything could be.
    """

    message: str
    reverted_to: int | None = None
    names: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    versions: Versions = field(default_factory=Versions)
    whole: bool = True


class SettlementStore:
    """Settles failed releases."""

    def __init__(self, leases: LeaseStore) -> None:
        self._leases = leases

    async def settle(self, lease: Lease, failed: Release, decide: Callable[[int | None], Settlement]) -> None:
        """Write down what became of a failed release's change, as `decide` says of the newest queued release or None.

        Where something was taken back, that release is raised to have it; where none is queued, one is, unless what
        runs is the last good one still. Raises LeaseLost.
        """
        named = self._leases.named(lease)
        async with self._leases.locked(lease) as connection:
            row = await (await connection.execute(_NEWEST_QUEUED, named)).fetchone()
            newer = row.number if row else None
            settlement = decide(newer)
            revert_release = None
            if settlement.reverted_to is not None:
                versions = settlement.versions
                await connection.execute(
                    _RAISE_TARGETS,
                    named | {"config_version": versions.config, "secrets_version": versions.secrets},
                )
                if newer is not None:
                    await connection.execute(_RAISE_QUEUED, named)
                    revert_release = newer
                elif not settlement.whole or await self._is_touched(connection, named, failed, settlement):
                    values = {
                        "change_id": f"revert-{lease.key.app_id}-{failed.number}",
                        "description": f"Revert v{failed.number} to v{settlement.reverted_to}",
                        "actor": SERVICE_ACTOR,
                        "reverted_to": settlement.reverted_to,
                    }
                    queued = await (await connection.execute(_QUEUE_REVERT, named | values)).fetchone()
                    assert queued is not None
                    revert_release = queued.number
            values = {
                "number": failed.number,
                "message": settlement.message,
                "reverted_to": settlement.reverted_to,
                "names": list(settlement.names),
                "secrets": list(settlement.secrets),
                "revert_release": revert_release,
            }
            await connection.execute(_SETTLE, named | values)

    async def _is_touched(
        self, connection: Connection, named: dict[str, Any], failed: Release, settlement: Settlement
    ) -> bool:
        """Whether something was applied since the last good release."""
        since = {"reverted_to": settlement.reverted_to, "number": failed.number}
        return await (await connection.execute(_TOUCHED, named | since)).fetchone() is not None
