"""One release from the versions it was ordered with to running instances.

Must not decide what is released next (`steps`) or what becomes of a failed change (`undo`).
"""

from dataclasses import replace

import structlog

from paaskit.errors import PaasError, Unavailable
from paaskit.wakeups import Wakeups
from services.releaser.domain import AppKey, DesiredState, Kind, Release, State
from services.releaser.runtimes.protocol import ApplyFailed, DesiredRelease, Progress, Runtime, RuntimeAway
from services.releaser.store.leases import Lease
from services.releaser.store.pins import PinStore
from services.releaser.store.work import WorkStore
from services.releaser.work.admission import admit
from services.releaser.work.groups.fan_out import FanOut
from services.releaser.work.states import States
from services.releaser.work.steps import Ended
from services.releaser.work.waiting import Waiting

log = structlog.get_logger()


class Rollout:
    """Brings about one release and says how it ended."""

    def __init__(
        self,
        work: WorkStore,
        states: States,
        pins: PinStore,
        *,
        fan_out: FanOut,
        runtime: Runtime,
        wakeups: Wakeups[AppKey],
    ) -> None:
        self._work = work
        self._states = states
        self._pins = pins
        self._fan_out = fan_out
        self._runtime = runtime
        self._wakeups = wakeups

    async def run(self, lease: Lease, release: Release) -> Ended:
        """Bring about `release`. A shared group's is one of each app that has the group.

        Raises Waiting, Following, LeaseLost, or Unavailable where releaser's own database is away.
        """
        desired: DesiredState | None = None
        try:
            if release.fan_out is not None:
                return await self._fan_out.run(lease, release)
            if release.versions.config is None:
                release = replace(release, versions=await self._states.newest(lease.key))
                await self._work.settle_versions(lease, release.number, release.versions)
            desired = await self._states.desired(lease.key, release.versions)
            if desired.is_group:
                return await self._fan_out.run(lease, release)
            groups = await self._pins.settle(lease, release.number, desired.groups) if desired.groups else ()
            injected = await self._states.injected(lease.key, release, desired, groups)
            admit(injected)
        except Unavailable:
            raise
        except PaasError as refusal:
            # Our own services' sentences hold no values.
            untouched = _is_untouched(release, desired)
            return Ended(release=release, state=State.FAILED, message=refusal.message, untouched=untouched)
        return await self._apply(lease, release, injected)

    async def _apply(self, lease: Lease, release: Release, injected: DesiredRelease) -> Ended:
        total = injected.spec.instances
        await self._work.begin(lease, release.number, total=total)
        self._wakeups.announce(lease.key)

        last: Progress | None = None

        async def report(progress: Progress) -> None:
            nonlocal last
            last = progress
            try:
                await self._work.progress(lease, release.number, progress)
            except Unavailable:
                # Only how far it is: a database that is away for a moment must not stop a rollout half-way.
                log.warning("progress_not_kept", tenant=lease.key.tenant, app_id=lease.key.app_id)
            self._wakeups.announce(lease.key)

        async def hold() -> None:
            await self._work.hold(lease)

        # Whoever asks for a release by hand takes back what was changed past us; a change of something else does not.
        injected = replace(injected, take_back=release.kind is Kind.MANUAL)
        try:
            await self._runtime.apply(injected, report, hold)
        except ApplyFailed as failure:
            return Ended(
                release=release, state=State.FAILED, message=failure.message, progress=last, output=failure.output
            )
        except RuntimeAway as away:
            raise Waiting(away.name, seconds=away.retry_after) from away
        if injected.spec.adopted is None:
            last = Progress(updated=total, ready=total, old=0)
        return Ended(release=release, state=State.SUCCEEDED, progress=last)


def _is_untouched(release: Release, desired: DesiredState | None) -> bool:
    """Whether nothing of a release was applied: it just started, or has no total yet, which is written before."""
    if release.state is State.QUEUED:
        return True
    return desired is not None and desired.spec.instances > 0 and release.instances_total == 0
