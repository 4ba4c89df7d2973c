"""One release from the versions it was ordered with to running instances.

Must not decide what is released next (`steps`) or what becomes of a failed change (`undo`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import structlog

from paaskit.errors import Internal, PaasError, Refused, Unavailable
from paaskit.redact import Plaintext
from paaskit.wakeups import Wakeups
from services.releaser.contracts import Config, Restore, Secrets
from services.releaser.domain import AppKey, DesiredState, Kind, Release, SealedValues, State, Versions
from services.releaser.runtimes.protocol import ApplyFailed, DesiredRelease, Progress, Runtime, RuntimeAway
from services.releaser.store.leases import Lease
from services.releaser.store.releases import ReleaseStore
from services.releaser.store.work import WorkStore
from services.releaser.work.steps import Ended

log = structlog.get_logger()


class Waiting(Exception):
    """Something can't be reached now; the same step is tried again `seconds` later or later still, for as long as it
    takes. `what` is who is waited for, as in a sentence.
    """

    def __init__(self, what: str, *, seconds: float = 0.0) -> None:
        super().__init__(what)
        self.what = what
        self.seconds = seconds


@contextmanager
def waiting_for(service: str) -> Iterator[None]:
    """Turn a neighbour's absence, and its faults, into Waiting."""
    try:
        yield
    except (Unavailable, Internal) as error:
        raise Waiting(f"the {service} service") from error


class States:
    """Puts together what a release injects: config's values and the sealed ones config's registry names."""

    def __init__(self, config: Config, secrets: Secrets, releases: ReleaseStore) -> None:
        self._config = config
        self._secrets = secrets
        self._releases = releases

    async def desired_release(self, key: AppKey, number: int) -> DesiredRelease:
        """Return what a release brings about. Raises Waiting, or PaasError where it is gone."""
        release = await self._releases.get(key, number)
        if release is None or release.versions.config is None:
            raise Internal("A release that runs has no versions.")
        desired, sealed = await self.read(key, release)
        return desired_release_of(key, number, desired, sealed)

    async def read(self, key: AppKey, release: Release) -> tuple[DesiredState, SealedValues]:
        """Return both halves, at the versions of the release. Raises Waiting or PaasError."""
        assert release.versions.config is not None
        with waiting_for("config"):
            desired = await self._config.desired_state(key, release.versions.config)
        if not desired.sealed_names:
            return desired, {}
        with waiting_for("secrets"):
            try:
                sealed = await self._secrets.resolve(
                    key,
                    version=release.versions.secrets or 0,
                    names=desired.sealed_names,
                    release=release.number,
                )
            except (Unavailable, Internal):
                raise
            except PaasError as refusal:
                # Its sentence may name a secret, which not everybody who reads releases may know of.
                raise Refused(
                    f"The secrets service refused to give its values ({refusal.reason}).", reason=refusal.reason
                ) from None
        # A name is claimed in config just before its value is stored in secrets, and given up just after it is
        # dropped there. In between it is not set; the change that is under way has a release of its own coming.
        missing = [name for name in desired.sealed_names if name not in sealed]
        if missing:
            log.info("values_not_stored", app_id=key.app_id, release=release.number, names=missing)
        return desired, sealed

    async def newest(self, key: AppKey) -> Versions:
        """Return the newest versions there are. Raises Waiting or PaasError.

        Only for what was ordered without versions. Whatever is live was ordered, so nothing is released that was not.
        """
        with waiting_for("config"):
            config = await self._config.restore(Restore(key=key, version=1, skip_taken=True, validate_only=True))
        with waiting_for("secrets"):
            secrets = await self._secrets.restore(Restore(key=key, version=0, validate_only=True))
        return Versions(config=config.version, secrets=secrets.version or None)


def desired_release_of(key: AppKey, number: int, desired: DesiredState, sealed: SealedValues) -> DesiredRelease:
    """Return what release `number` brings about. A sealed value wins over a plain one of the same name."""
    plain = {name: Plaintext(value) for name, value in desired.variables.items()}
    return DesiredRelease(
        key=key,
        app=desired.app,
        release=number,
        spec=desired.spec,
        variables={**plain, **sealed},
        sealed=frozenset(sealed),
    )


class Rollout:
    """Brings about one release and says how it ended."""

    def __init__(self, work: WorkStore, states: States, *, runtime: Runtime, wakeups: Wakeups[AppKey]) -> None:
        self._work = work
        self._states = states
        self._runtime = runtime
        self._wakeups = wakeups

    async def run(self, lease: Lease, release: Release) -> Ended:
        """Bring about `release`. Raises Waiting, LeaseLost, or Unavailable where releaser's own database is away."""
        try:
            if release.versions.config is None:
                release = replace(release, versions=await self._states.newest(lease.key))
                await self._work.settle_versions(lease, release.number, release.versions)
            desired, sealed = await self._states.read(lease.key, release)
        except Unavailable:
            raise
        except PaasError as refusal:
            # Our own services' sentences hold no values.
            return Ended(release=release, state=State.FAILED, message=refusal.message)
        total = desired.spec.instances
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
        desired_release = replace(
            desired_release_of(lease.key, release.number, desired, sealed), take_back=release.kind is Kind.MANUAL
        )
        try:
            await self._runtime.apply(desired_release, report, hold)
        except ApplyFailed as failure:
            return Ended(
                release=release, state=State.FAILED, message=failure.message, progress=last, output=failure.output
            )
        except RuntimeAway as away:
            raise Waiting(away.name, seconds=away.retry_after) from away
        if desired.spec.adopted is None:
            last = Progress(updated=total, ready=total, old=0)
        return Ended(release=release, state=State.SUCCEEDED, progress=last)
