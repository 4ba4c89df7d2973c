"""One release from its pinned versions to running instances.

Must not decide what is released next (`runner`) or what becomes of a failed change (`undoing`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import structlog

from paaskit.errors import Internal, PaasError, Unavailable
from paaskit.redact import Plaintext
from services.releaser.domain import AppKey, Config, DesiredState, Release, SealedValues, Secrets
from services.releaser.runtime import ApplyFailed, Deployment, Runtime
from services.releaser.watching import Changes
from services.releaser.work_store import Lease, WorkStore

log = structlog.get_logger()


class Waiting(Exception):
    """A neighbour can't be reached now; the same step is tried again later, for as long as it takes."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.service = service


@contextmanager
def waiting_for(service: str) -> Iterator[None]:
    """Turn a neighbour's absence, and its faults, into Waiting."""
    try:
        yield
    except (Unavailable, Internal) as error:
        raise Waiting(service) from error


class ReleaseReader(Protocol):
    """What is needed of releases' rows."""

    async def get(self, key: AppKey, number: int) -> Release | None:
        """Return one release, or None."""


class States:
    """Puts together what a release injects: config's values and the sealed ones config's registry names."""

    def __init__(self, config: Config, secrets: Secrets, releases: ReleaseReader) -> None:
        self._config = config
        self._secrets = secrets
        self._releases = releases

    async def deployment(self, key: AppKey, number: int) -> Deployment:
        """Return the deployment of a release at its pinned versions. Raises Waiting, or PaasError where it is gone."""
        release = await self._releases.get(key, number)
        if release is None or not release.config_version:
            raise Internal("A release that runs has no pinned versions.")
        desired, sealed = await self.read(key, release)
        return deployment_of(key, number, desired, sealed)

    async def read(self, key: AppKey, release: Release) -> tuple[DesiredState, SealedValues]:
        """Return both halves, at the pinned versions or the newest. Raises Waiting or PaasError."""
        with waiting_for("config"):
            desired = await self._config.desired_state(key, release.config_version)
        with waiting_for("secrets"):
            sealed = await self._secrets.resolve(
                key, version=release.secrets_version, names=desired.sealed_names, release=release.number
            )
        # A name is claimed in config just before its value is stored in secrets, and given up just after it is
        # dropped there. In between it is not set; the change that is under way has a release of its own coming.
        missing = [name for name in desired.sealed_names if name not in sealed.values]
        if missing:
            log.info("values_not_stored", app_id=key.app_id, release=release.number, names=missing)
        return desired, sealed


def deployment_of(key: AppKey, number: int, desired: DesiredState, sealed: SealedValues) -> Deployment:
    """Return what release `number` brings about. A sealed value wins over a plain one of the same name."""
    plain = {name: Plaintext(value) for name, value in desired.variables.items()}
    return Deployment(key=key, app=desired.app, release=number, spec=desired.spec, variables={**plain, **sealed.values})


class Rollout:
    """Brings about one release and writes down how it ended."""

    def __init__(self, work: WorkStore, states: States, *, runtime: Runtime, changes: Changes) -> None:
        self._work = work
        self._states = states
        self._runtime = runtime
        self._changes = changes

    async def run(self, lease: Lease, release: Release) -> None:
        """Bring about `release`. Raises Waiting, LeaseLost, or Unavailable where releaser's own database is away."""
        total = await self._apply_or_fail(lease, release)
        if total is not None:
            await self._work.succeed(lease, release, ready=total)
        self._changes.notify(lease.key)

    async def _apply_or_fail(self, lease: Lease, release: Release) -> int | None:
        try:
            desired, sealed = await self._states.read(lease.key, release)
            total = desired.spec.instances
        except PaasError as refusal:
            # Our own services' sentences hold no values.
            await self._work.fail(lease, release, message=refusal.message, undo=True)
            return None
        await self._work.pin(lease, release.number, versions=(desired.version, sealed.version), total=total)
        self._changes.notify(lease.key)

        async def report(ready: int) -> None:
            try:
                await self._work.progress(lease, release.number, ready)
            except Unavailable:
                # Only how far it is: a database that is away for a moment must not stop a rollout half-way.
                log.warning("progress_not_kept", tenant=lease.key.tenant, app_id=lease.key.app_id)
            self._changes.notify(lease.key)

        try:
            await self._runtime.apply(deployment_of(lease.key, release.number, desired, sealed), report)
        except ApplyFailed as failure:
            await self._work.fail(lease, release, message=failure.message, undo=True)
            return None
        return total
