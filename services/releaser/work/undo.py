"""What becomes of a failed release's change: its names are taken back, as far as they stand as it left them.

What others changed meanwhile stands, and so does what is staged. What a shared group gave an app is not the app's to
take back: the group's own release fails with the app's, and is taken back for all.

Each step may be repeated after a crash: config and secrets take back once per request id, and the settlement is one
transaction. Must not touch instances; the release that runs with the names taken back does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from paaskit.changes import Action, NameChange
from paaskit.errors import PaasError
from paaskit.release_order import ReleasedChange
from paaskit.wakeups import Wakeups
from services.releaser.contracts import Config, Outcome, Revert, Secrets
from services.releaser.domain import AppKey, Kind, Release, Versions
from services.releaser.store.leases import Lease
from services.releaser.store.releases import ReleaseStore
from services.releaser.store.settlements import Settlement, SettlementStore
from services.releaser.work.waiting import waiting_for

GROUP_TAKES_BACK: Final = "A shared group's change is taken back in the group."
_SHOWN: Final = 8

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """What config and secrets took back, the versions that have it, and why one of them took back nothing."""

    versions: Versions = field(default_factory=Versions)
    config: tuple[NameChange, ...] = ()
    secrets: tuple[NameChange, ...] = ()
    spec: bool = False
    refused: str = ""

    @property
    def anything(self) -> bool:
        """Whether there is something to be released for."""
        return bool(self.config or self.secrets or self.spec)

    def and_config(self, outcome: Outcome) -> "TakenBack":
        """Return these with what config took back as well."""
        return TakenBack(
            versions=self.versions.raised_to(Versions(config=outcome.version)),
            config=(*self.config, *outcome.changes),
            secrets=self.secrets,
            spec=self.spec or outcome.spec_changed,
            refused=self.refused,
        )

    def and_secrets(self, outcome: Outcome) -> "TakenBack":
        """Return these with what secrets took back as well."""
        return TakenBack(
            versions=self.versions.raised_to(Versions(secrets=outcome.version or None)),
            config=self.config,
            secrets=(*self.secrets, *outcome.changes),
            spec=self.spec,
            refused=self.refused,
        )


class Undoer:
    """Settles failed releases."""

    def __init__(
        self,
        settlements: SettlementStore,
        releases: ReleaseStore,
        *,
        config: Config,
        secrets: Secrets,
        wakeups: Wakeups[AppKey],
    ) -> None:
        self._settlements = settlements
        self._releases = releases
        self._config = config
        self._secrets = secrets
        self._wakeups = wakeups

    async def run(self, lease: Lease, failed: Release) -> None:
        """Settle one failed release. Raises Waiting, LeaseLost, or Unavailable where the database is away."""
        good = await self._releases.last_good(lease.key, before=failed.number)
        kept = why_kept(failed, good)
        if kept is not None or good is None:
            of_group = GROUP_TAKES_BACK if await self._is_for_group(lease.key, failed, good) else ""
            await self._settlements.settle(
                lease, failed, lambda _: Settlement(message=_told(failed, kept or "", of_group))
            )
        else:
            taken = await self._take_back(lease.key, failed, good)
            older = await self._releases.superseded(lease.key, by=failed.number, after=good.number)
            changes = [change for release in (*older, failed) for change in release.changes]
            for_group = any(release.kind is Kind.GROUP for release in (*older, failed))

            def settle(newer: int | None) -> Settlement:
                settlement = settlement_of(failed, good, taken, changes=changes, newer=newer)
                if not for_group:
                    return settlement
                return replace(settlement, message=f"{settlement.message} {GROUP_TAKES_BACK}")

            await self._settlements.settle(lease, failed, settle)
        self._wakeups.announce(lease.key)

    async def _is_for_group(self, key: AppKey, failed: Release, good: Release | None) -> bool:
        """Whether a failed release was for a shared group's, or took the place of one that was."""
        if failed.kind is Kind.GROUP or not failed.groups:
            return failed.kind is Kind.GROUP
        older = await self._releases.superseded(key, by=failed.number, after=good.number if good else 0)
        return any(release.kind is Kind.GROUP for release in older)

    async def _take_back(self, key: AppKey, failed: Release, good: Release) -> TakenBack:
        """Take back in config, in secrets, and once more in config the names that were secrets until then.

        config is asked again for its version, too, where names came back that it knows as secrets again.
        """
        taken = TakenBack()
        before, after = good.versions, failed.versions
        again = False
        try:
            if before.config != after.config:
                outcome = await self._in_config(key, failed, good, part=1)
                taken, again = taken.and_config(outcome), bool(outcome.taken)
            if before.secrets != after.secrets:
                outcome = await self._in_secrets(key, failed, good)
                taken = taken.and_secrets(outcome)
                if again or any(change.action is Action.ADDED for change in outcome.changes):
                    taken = taken.and_config(await self._in_config(key, failed, good, part=2))
        except PaasError as refusal:
            log.warning("not_taken_back", tenant=key.tenant, app_id=key.app_id, reason=refusal.reason)
            return TakenBack(
                versions=taken.versions,
                config=taken.config,
                secrets=taken.secrets,
                spec=taken.spec,
                refused=f"Not all of it could be taken back ({refusal.reason}).",
            )
        return taken

    async def _in_config(self, key: AppKey, failed: Release, good: Release, *, part: int) -> Outcome:
        assert good.versions.config is not None
        assert failed.versions.config is not None
        with waiting_for("config"):
            return await self._config.revert(
                Revert(
                    key=key,
                    before=good.versions.config,
                    after=failed.versions.config,
                    request_id=f"revert-{key.app_id}-{failed.number}-{part}",
                    actor=failed.actor,
                )
            )

    async def _in_secrets(self, key: AppKey, failed: Release, good: Release) -> Outcome:
        with waiting_for("secrets"):
            return await self._secrets.revert(
                Revert(
                    key=key,
                    before=good.versions.secrets or 0,
                    after=failed.versions.secrets or 0,
                    request_id=f"revert-{key.app_id}-{failed.number}-1",
                    actor=failed.actor,
                )
            )


def why_kept(failed: Release, good: Release | None) -> str | None:
    """Return why nothing of a failed release is taken back, or None where that has to be looked at.

    Of one that was for a shared group's alone there is nothing to say: none of it is the app's own.
    """
    if failed.kind is Kind.REVERT:
        return "It was a revert itself, so nothing more was reverted."
    if good is None:
        return "No earlier release succeeded, so there is nothing to revert to."
    if failed.versions.config is None or good.versions.config is None:
        return "Nothing of it was applied, so nothing was reverted."
    return None if good.versions != failed.versions else _why_same(failed, good)


def _why_same(failed: Release, good: Release) -> str:
    if failed.kind is Kind.GROUP:
        return ""
    if good.groups != failed.groups:
        return f"What is the app's own is as in v{good.number}, so nothing of that was reverted."
    return f"It has the same variables as v{good.number}, so nothing was reverted."


def settlement_of(
    failed: Release, good: Release, taken: TakenBack, *, changes: Sequence[ReleasedChange], newer: int | None
) -> Settlement:
    """Return what became of a failed release that had `changes`, given the newest release that is queued."""
    stands = _what_stands(taken, changes)
    if taken.anything:
        standing = f"A newer change of {stands} stands." if stands else ""
        return Settlement(
            message=_told(failed, standing, taken.refused),
            reverted_to=good.number,
            names=tuple(dict.fromkeys(change.name for change in taken.config)),
            secrets=tuple(dict.fromkeys(change.name for change in taken.secrets)),
            versions=taken.versions,
            whole=not taken.refused,
        )
    why = f"A newer change of {stands} stands" if stands else "Nothing of it stands any more"
    after = f"; v{newer} is next." if newer is not None else "."
    if taken.refused:
        return Settlement(message=_told(failed, taken.refused))
    return Settlement(message=_told(failed, f"{why}, so nothing was reverted{after}"))


def _what_stands(taken: TakenBack, changes: Sequence[ReleasedChange]) -> str:
    """Return in words what a failed release changed and that was not taken back; secrets are counted, never named."""
    back = {(change.name, False) for change in taken.config} | {(change.name, True) for change in taken.secrets}
    left = dict.fromkeys((change.name, change.secret) for change in changes if change.name)
    names = [name for name, secret in left if not secret and (name, secret) not in back]
    secrets = sum(1 for name, secret in left if secret and (name, secret) not in back)
    words = names[:_SHOWN] + ([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])
    if secrets:
        words.append("a secret" if secrets == 1 else f"{secrets} secrets")
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _told(failed: Release, *more: str) -> str:
    return " ".join(part for part in (failed.message, *more) if part)
