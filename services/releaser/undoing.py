"""What becomes of a failed release's change: the last good release's versions are restored and released again.

Each step may be repeated after a crash: config and secrets restore once per change id, and the settlement is one
transaction. Must not touch instances; the release it queues does.
"""

from typing import Final

from paaskit.errors import Conflict, PaasError
from services.releaser.domain import (
    SERVICE_ACTOR,
    AppKey,
    Config,
    Kind,
    NameChange,
    Release,
    Restore,
    Restored,
    RestoreScope,
    Secrets,
    Undo,
)
from services.releaser.releasing import merge
from services.releaser.rollout import waiting_for
from services.releaser.watching import Changes
from services.releaser.work_store import Lease, Settlement, WorkStore

_NEWER: Final = "A newer change is waiting, so nothing was reverted."


class Undoing:
    """Settles failed releases."""

    def __init__(self, work: WorkStore, *, config: Config, secrets: Secrets, changes: Changes) -> None:
        self._work = work
        self._config = config
        self._secrets = secrets
        self._changes = changes

    async def run(self, lease: Lease, undo: Undo) -> None:
        """Settle one failed release. Raises Waiting, LeaseLost, or Unavailable where the database is away."""
        settlement = await self._decide(lease, undo)
        told = f"{undo.release.message} {settlement.message}".strip()
        settled = Settlement(
            message=told,
            reverted_to=settlement.reverted_to,
            names=settlement.names,
            change_id=settlement.change_id,
        )
        await self._work.settle(lease, undo.release, settled)
        self._changes.notify(lease.key)

    async def _decide(self, lease: Lease, undo: Undo) -> Settlement:
        key, failed = lease.key, undo.release
        good = await self._work.last_good(key, before=failed.number)
        kept = _why_kept(undo, good)
        if kept or good is None:
            return Settlement(message=kept)
        await self._work.intend_revert(lease, failed.number, to=good.number)
        try:
            changes = await self._restore(key, failed, good)
        except Conflict:
            return Settlement(message=_NEWER)
        except PaasError as refusal:
            return Settlement(message=f"It could not be reverted: {refusal.message}")
        return Settlement(
            message="",  # the settlement says it all in fields of its own
            reverted_to=good.number,
            names=tuple(change.name for change in changes),
            change_id=_change_id("revert", key, failed),
        )

    async def _restore(self, key: AppKey, failed: Release, good: Release) -> tuple[NameChange, ...]:
        """Restore both services or neither. Raises Conflict where somebody changed one of them meanwhile."""
        config = Restore(
            key=key,
            version=good.config_version,
            change_id=_change_id("revert", key, failed),
            actor=SERVICE_ACTOR,
            expected_version=failed.config_version,
        )
        secrets = Restore(
            key=key,
            version=good.secrets_version,
            change_id=config.change_id,
            actor=SERVICE_ACTOR,
            expected_version=failed.secrets_version,
        )
        nothing = Restored(version=0)
        by_config, by_secrets = nothing, nothing
        if good.config_version != failed.config_version:
            with waiting_for("config"):
                by_config = await self._config.restore(config, RestoreScope.EVERYTHING)
        if good.secrets_version != failed.secrets_version:
            try:
                with waiting_for("secrets"):
                    by_secrets = await self._secrets.restore(secrets)
            except PaasError:
                await self._take_back(key, failed, by_config)
                raise
        return merge(by_config.changes, by_secrets.changes)

    async def _take_back(self, key: AppKey, failed: Release, restored: Restored) -> None:
        """Undo config's half, because secrets' is refused: names and values must stay of one piece.

        Where config was changed again in between, that change stands and is released next.
        """
        if not restored.version:
            return
        again = Restore(
            key=key,
            version=failed.config_version,
            change_id=_change_id("unrevert", key, failed),
            actor=SERVICE_ACTOR,
            expected_version=restored.version,
        )
        try:
            with waiting_for("config"):
                await self._config.restore(again, RestoreScope.EVERYTHING)
        except Conflict:
            return


def _why_kept(undo: Undo, good: Release | None) -> str:  # noqa: PLR0911  # a line for each reason
    """Return why a failed release's change is not taken back, or nothing where it is."""
    failed = undo.release
    if failed.reverted_to:
        return ""  # begun before a crash, so it is finished whatever came in meanwhile
    if undo.newer:
        return f"{_NEWER[:-1]}; v{undo.newer} is next."
    if failed.kind is Kind.REVERT:
        return "It was a revert itself, so nothing more was reverted."
    if good is None:
        return "No earlier release succeeded, so there is nothing to revert to."
    if not failed.config_version:
        return "Nothing of it was applied, so nothing was reverted."
    if (good.config_version, good.secrets_version) == (failed.config_version, failed.secrets_version):
        return f"It has the same variables as v{good.number}, so nothing was reverted."
    return ""


def _change_id(what: str, key: AppKey, failed: Release) -> str:
    return f"{what}-{key.app_id}-{failed.number}"
