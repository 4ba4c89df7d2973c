"""What a release injects, put together: config's values and the sealed ones that config's registry names, the app's own
and those of its shared groups.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from paaskit.errors import Internal, PaasError, Refused, Unavailable
from paaskit.redact import Plaintext
from services.releaser.contracts import Config, Restore, Secrets
from services.releaser.domain import AppKey, DesiredState, Pin, Release, Versions
from services.releaser.runtimes.protocol import DesiredRelease
from services.releaser.store.releases import ReleaseStore
from services.releaser.work.groups.merging import Environment
from services.releaser.work.waiting import waiting_for

GROUP_GONE: Final = "GROUP_GONE"
_DESTROYED: Final = "APP_NOT_FOUND"

log = structlog.get_logger()


class States:
    """Reads what releases inject, at their versions. Values are fetched for one call, and kept by nobody."""

    def __init__(self, config: Config, secrets: Secrets, releases: ReleaseStore) -> None:
        self._config = config
        self._secrets = secrets
        self._releases = releases

    async def ever_injected(self, key: AppKey, number: int) -> DesiredRelease:
        """Return a release with every value its instances can have been given: an overlap may be over by now.

        Raises Waiting, or PaasError where it is gone.
        """
        return await self.desired_release(key, number, with_ended=True)

    async def desired_release(self, key: AppKey, number: int, *, with_ended: bool = False) -> DesiredRelease:
        """Return what a release brings about. Raises Waiting, or PaasError where it is gone."""
        release = await self._releases.get(key, number)
        if release is None or release.versions.config is None:
            raise Internal("A release that runs has no versions.")
        desired = await self.desired(key, release.versions)
        return await self.injected(key, release, desired, release.groups, with_ended=with_ended)

    async def desired(self, key: AppKey, versions: Versions) -> DesiredState:
        """Return config's half of an app or a group. Raises Waiting or PaasError."""
        assert versions.config is not None
        with waiting_for("config"):
            return await self._config.desired_state(key, versions.config)

    async def injected(
        self, key: AppKey, release: Release, desired: DesiredState, groups: Sequence[Pin], *, with_ended: bool = False
    ) -> DesiredRelease:
        """Return what a release brings about that has `desired` of config, and `groups` at these versions.

        Raises Waiting or PaasError, which has the reason GROUP_GONE for a group that is destroyed.
        """
        found = await self._environment(
            key, desired, release.versions, release=release.number, with_ended=with_ended, hidden=frozenset()
        )
        for pin in groups:
            if pin.versions.config is not None:
                found = found.over(
                    await self._of_group(key, pin, release=release.number, with_ended=with_ended, hidden=found.names)
                )
        return desired_release_of(key, release.number, desired, found)

    async def own_names(self, key: AppKey, release: Release) -> frozenset[str]:
        """Return the names that have a value of the app's own in a release. Raises Waiting or PaasError."""
        desired = await self.desired(key, release.versions)
        found = await self._environment(
            key, desired, release.versions, release=release.number, with_ended=False, hidden=frozenset()
        )
        return found.names

    async def newest(self, key: AppKey) -> Versions:
        """Return the newest versions there are. Raises Waiting or PaasError.

        Only for what was ordered without versions. Whatever is live was ordered, so nothing is released that was not.
        """
        with waiting_for("config"):
            config = await self._config.restore(Restore(key=key, version=1, skip_taken=True, validate_only=True))
        with waiting_for("secrets"):
            secrets = await self._secrets.restore(Restore(key=key, version=0, validate_only=True))
        return Versions(config=config.version, secrets=secrets.version or None)

    async def _of_group(
        self, key: AppKey, pin: Pin, *, release: int, with_ended: bool, hidden: frozenset[str]
    ) -> Environment:
        group = AppKey(tenant=key.tenant, app_id=pin.group.group_id)
        try:
            desired = await self.desired(group, pin.versions)
            return await self._environment(
                group, desired, pin.versions, release=release, with_ended=with_ended, hidden=hidden
            )
        except PaasError as error:
            if error.reason != _DESTROYED:
                raise
            # An app must not come up with half of its variables.
            raise Refused(
                f"The shared group {pin.group.name} was destroyed, so what this release was given of it is gone.",
                reason=GROUP_GONE,
            ) from None

    async def _environment(
        self,
        key: AppKey,
        desired: DesiredState,
        versions: Versions,
        *,
        release: int,
        with_ended: bool,
        hidden: frozenset[str],
    ) -> Environment:
        """Return the values of an app or a group, those of `hidden` names without opening them in vain."""
        names = [name for name in desired.sealed_names if name not in hidden]
        if not names:
            return Environment(variables=desired.variables)
        with waiting_for("secrets"):
            try:
                sealed = await self._secrets.resolve(
                    key, version=versions.secrets or 0, names=names, release=release, with_ended=with_ended
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
        missing = [name for name in names if name not in sealed]
        if missing:
            log.info("values_not_stored", app_id=key.app_id, release=release, names=missing)
        return Environment(variables=desired.variables, sealed=sealed)


def desired_release_of(key: AppKey, number: int, desired: DesiredState, found: Environment) -> DesiredRelease:
    """Return what release `number` brings about. A sealed value wins over a plain one of the same name."""
    plain = {name: Plaintext(value) for name, value in found.variables.items()}
    return DesiredRelease(
        key=key,
        app=desired.app,
        release=number,
        spec=desired.spec,
        variables={**plain, **found.sealed},
        sealed=frozenset(found.sealed),
    )
