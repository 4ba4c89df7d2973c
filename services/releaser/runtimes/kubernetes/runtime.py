"""The Kubernetes runtime: an app is a Deployment in its tenant's namespace, and a release a Secret it refers to.

Every write is fenced twice: the lease is held on to after the Deployment was read and before it is written, and the
write has the version that was read as its precondition. Whoever took the app over meanwhile has either changed that
version, and the write fails, or will find the write done and go on from it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import structlog

from services.releaser.cluster import Cluster, Object
from services.releaser.cluster_errors import Away, ClusterError, Stale
from services.releaser.domain import AppKey
from services.releaser.manifests import (
    APP_ID_LABEL,
    INSTANCES_MANAGER,
    MANAGER,
    PORT,
    Place,
    deployment_manifest,
    instances_manifest,
    secret_manifest,
    secret_name,
    selector_of,
)
from services.releaser.runtimes.kubernetes.adoption import check_adopted, place_of
from services.releaser.runtimes.kubernetes.drifts import DriftWatch
from services.releaser.runtimes.kubernetes.history import KEPT_RELEASES, no_longer_needed
from services.releaser.runtimes.kubernetes.logs import written
from services.releaser.runtimes.kubernetes.pods import instances_of
from services.releaser.runtimes.kubernetes.refusals import sentence_of
from services.releaser.runtimes.kubernetes.rollout import Followed, Follower
from services.releaser.runtimes.kubernetes.watching import Watching
from services.releaser.runtimes.output import masked
from services.releaser.runtimes.protocol import (
    ApplyFailed,
    DesiredRelease,
    Hold,
    Instance,
    ReleaseSource,
    Report,
    RuntimeAway,
    Written,
    platform_variables,
)
from services.releaser.store.drifts import DriftStore
from services.releaser.store.placements import Placement, PlacementStore

log = structlog.get_logger()

_STALE_TRIES: Final = 4
_REMOVAL_LOOK_SECONDS: Final = 0.5


class KubernetesRuntime:
    """Runs apps in a cluster. `source` is asked for the values of a release whose Secret has to be made again."""

    def __init__(
        self,
        cluster: Cluster,
        placements: PlacementStore,
        drifts: DriftStore,
        *,
        source: ReleaseSource,
        namespace_prefix: str,
        ready_timeout: float,
        grace: float,
    ) -> None:
        self._cluster = cluster
        self._placements = placements
        self._source = source
        self._prefix = namespace_prefix
        self._ready_timeout = ready_timeout
        self._grace_seconds = round(grace)
        self._drifts = DriftWatch(placements, drifts)
        self._watching = Watching(cluster, changed=self._drifts.take)
        self._follower = Follower(cluster, self._watching)

    async def run(self) -> None:
        """Watch the namespaces where apps are, for ever, and write down what drifts."""
        for namespace in await self._placements.namespaces():
            self._watching.begin(namespace)
        await self._drifts.run()

    async def apply(self, desired: DesiredRelease, report: Report, hold: Hold) -> None:
        """Roll the app's pods to the release. Raises ApplyFailed once the last good one is what the Deployment says."""
        place = place_of(desired, prefix=self._prefix)
        with _asked_again():
            placement = await self._placements.place(desired.key, desired.app, place, release=desired.release)
            try:
                await self._bring_about(desired, placement, report, hold)
            except ApplyFailed as failure:
                await self._go_back(placement, hold)
                raise ApplyFailed(failure.message, output=masked(failure.output, desired)) from None
            plain = desired.variables.keys() - desired.sealed
            await self._placements.came_up(desired.key, desired.release, plain=plain, sealed=desired.sealed)
            await self._clean_up(placement, desired.release)

    async def remove(self, key: AppKey) -> None:
        """Delete what was made for the app; an adopted Deployment stays, without what was put into it."""
        placement = await self._placements.find(key)
        if placement is None:
            return
        with _asked_again():
            await self._take_away(placement)
        await self._placements.forget(key)

    async def instances(self, key: AppKey) -> Sequence[Instance]:
        """Return the app's pods, oldest first. Raises RuntimeAway."""
        placement = await self._placements.find(key)
        if placement is None:
            return []
        place = placement.place
        try:
            pods = await self._cluster.pods(place.namespace, selector=selector_of(key))
        except ClusterError as error:
            raise RuntimeAway("Kubernetes") from error
        return instances_of(pods, namespace=place.namespace, container=place.container)

    async def written(self, key: AppKey, *, lines: int, follow: bool) -> AsyncIterator[Written]:
        """Yield what the app's pods write, by instance. Raises RuntimeAway."""
        placement = await self._placements.find(key)
        if placement is None:
            return
        try:
            async for each in written(self._cluster, placement.place, key, lines=lines, follow=follow):
                yield each
        except ClusterError as error:
            raise RuntimeAway("Kubernetes") from error

    async def close(self) -> None:
        """Stop watching, and close the connections."""
        await self._watching.close()
        await self._cluster.close()

    async def _bring_about(self, desired: DesiredRelease, placement: Placement, report: Report, hold: Hold) -> None:
        place = placement.place
        self._watching.begin(place.namespace)
        try:
            applied = await self._apply(desired, placement, hold)
            followed = Followed(
                desired=desired,
                place=place,
                uid=applied["metadata"]["uid"],
                generation=applied["metadata"]["generation"],
                patience=desired.spec.ready_timeout or self._ready_timeout,
            )
            self._watching.note(applied)
            await self._follower.follow(followed, report)
        except (Away, Stale):
            raise
        except ClusterError as error:
            log.info("apply_refused", app_id=desired.key.app_id, code=error.code, reason=error.reason)
            raise ApplyFailed(sentence_of(error, place)) from None

    async def _apply(self, desired: DesiredRelease, placement: Placement, hold: Hold) -> Object:
        """Write the Secret, the Deployment and, where that was asked for, how many instances there are."""
        for _ in range(_STALE_TRIES):
            with suppress(Stale):
                return await self._apply_once(desired, placement, hold)
        return await self._apply_once(desired, placement, hold)

    async def _apply_once(self, desired: DesiredRelease, placement: Placement, hold: Hold) -> Object:
        place, wanted = placement.place, desired.spec.instances
        found = await self._cluster.deployment(place.namespace, place.name)
        place = check_adopted(found, place, desired)
        if place != placement.place:
            await self._placements.place(desired.key, desired.app, place, release=desired.release)
        await hold()
        if found is None:
            # Without instances at first: pods of a Deployment whose Secret is not there yet would wait and complain.
            found = await self._cluster.apply_deployment(
                place.namespace, _without_instances(self._manifest(desired, place)), manager=MANAGER
            )
            await self._write_secret(desired, place, found)
            return await self._ask_for(desired.key, place, wanted, found)
        await self._write_secret(desired, place, found)
        if not place.adopted and placement.instances is None:
            # It was made, and then something went wrong. Its number has to be somebody's before a release drops it.
            found = await self._ask_for(desired.key, place, wanted, found)
        applied = await self._cluster.apply_deployment(
            place.namespace,
            self._manifest(desired, place, version=found["metadata"]["resourceVersion"]),
            manager=MANAGER,
            force=desired.take_back,
        )
        if not place.adopted and placement.instances not in {None, wanted}:
            applied = await self._ask_for(desired.key, place, wanted, applied)
        return applied

    async def _ask_for(self, key: AppKey, place: Place, instances: int, found: Object) -> Object:
        """Say how many instances there are to be; the Deployment as it is then."""
        manifest = instances_manifest(place, instances, version=found["metadata"]["resourceVersion"])
        applied = await self._cluster.apply_deployment(place.namespace, manifest, manager=INSTANCES_MANAGER, force=True)
        await self._placements.asked_for(key, instances)
        return applied

    def _manifest(self, desired: DesiredRelease, place: Place, *, version: str = "") -> Mapping[str, Any]:
        return deployment_manifest(
            desired.key,
            desired.app,
            desired.release,
            place=place,
            spec=desired.spec,
            names=_values_of(desired, place),
            grace_seconds=self._grace_seconds,
            version=version,
        )

    async def _write_secret(self, desired: DesiredRelease, place: Place, owner: Object) -> None:
        """Create the release's Secret. One that is there already is of an attempt before, or in somebody's way."""
        manifest = secret_manifest(
            desired.key,
            desired.app,
            desired.release,
            place=place,
            owner=owner,
            values=_values_of(desired, place),
        )
        if await self._cluster.create_secret(place.namespace, manifest):
            return
        name = manifest["metadata"]["name"]
        there = await self._cluster.secret(place.namespace, name)
        if there is not None and _same_secret(there, manifest):
            return
        if there is not None and _owner_of(there) != _owner_of(manifest):
            labels = there["metadata"].get("labels") or {}
            if labels.get(APP_ID_LABEL) is None:
                # Not ours, so it is not to go with the app.
                await self._placements.secrets_gone(desired.key, [desired.release])
                raise ApplyFailed(f"There is a Secret {name} in {place.namespace} that is not releaser's; rename it.")
        await self._cluster.delete_secret(place.namespace, name)
        if not await self._cluster.create_secret(place.namespace, manifest):
            raise Away(reason="SecretInTheWay")

    async def _go_back(self, placement: Placement, hold: Hold) -> None:
        """Have the Deployment say the last good release again; without one, have nothing of a bad one go on trying."""
        fresh = await self._placements.find(placement.key)
        if fresh is None:
            return
        try:
            found = await self._cluster.deployment(fresh.place.namespace, fresh.place.name)
            if found is None or (found["metadata"].get("labels") or {}).get(APP_ID_LABEL) != fresh.key.app_id:
                return  # it never was ours, so nothing of it is to be put back
            await hold()
            if fresh.good is not None:
                good = await self._source(fresh.key, fresh.good)
                await self._apply(good, fresh, hold)
            elif fresh.place.adopted:
                await self._let_go(fresh)
            else:
                await self._ask_for(fresh.key, fresh.place, 0, found)
        except (Away, Stale):
            raise
        except (ClusterError, ApplyFailed):
            # The release failed because of the same refusal; what runs still runs as it did.
            log.warning("not_gone_back", tenant=fresh.key.tenant, app_id=fresh.key.app_id)

    async def _let_go(self, placement: Placement) -> None:
        """Apply nothing: what was ours of an adopted Deployment is gone with that, and nobody else's."""
        place = placement.place
        nothing = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": place.name, "namespace": place.namespace},
        }
        await self._cluster.apply_deployment(place.namespace, nothing, manager=MANAGER)

    async def _take_away(self, placement: Placement) -> None:
        place = placement.place
        try:
            found = await self._cluster.deployment(place.namespace, place.name)
            if found is not None and (found["metadata"].get("labels") or {}).get(APP_ID_LABEL) == placement.key.app_id:
                if place.adopted:
                    await self._let_go(placement)
                else:
                    await self._cluster.delete_deployment(place.namespace, place.name, uid=found["metadata"]["uid"])
                    await self._gone(placement)
            for release in placement.secrets:
                await self._cluster.delete_secret(place.namespace, secret_name(placement.app, release))
        except ClusterError as error:
            if isinstance(error, Away | Stale):
                raise
            # The namespace is gone or no longer ours, and all of it with it; nothing more can be done from here.
            log.warning("not_taken_away", tenant=placement.key.tenant, app_id=placement.key.app_id, code=error.code)

    async def _gone(self, placement: Placement) -> None:
        """Wait until no pod of the app is left, for as long as it takes: cancelling stops the waiting."""
        place = placement.place
        while await self._cluster.pods(place.namespace, selector=selector_of(placement.key)):
            await asyncio.sleep(_REMOVAL_LOOK_SECONDS)

    async def _clean_up(self, placement: Placement, release: int) -> None:
        """Delete the Secrets of releases that nothing refers to. What can't be done now is done after the next one."""
        if len(placement.secrets) <= KEPT_RELEASES:
            return
        place = placement.place
        try:
            replica_sets = await self._cluster.replica_sets(place.namespace, selector=selector_of(placement.key))
            gone = no_longer_needed(placement.secrets, release=release, good=placement.good, replica_sets=replica_sets)
            for number in gone:
                await self._cluster.delete_secret(place.namespace, secret_name(placement.app, number))
            if gone:
                await self._placements.secrets_gone(placement.key, gone)
        except ClusterError as error:
            log.info("not_cleaned_up", app_id=placement.key.app_id, code=error.code, reason=error.reason)


@contextmanager
def _asked_again() -> Iterator[None]:
    """Turn what is not known to have come about into RuntimeAway."""
    try:
        yield
    except (Away, Stale) as error:
        raise RuntimeAway("Kubernetes", retry_after=error.retry_after) from error


def _values_of(desired: DesiredRelease, place: Place) -> Mapping[str, str]:
    """Return every variable of a release, the platform's included; an adopted Deployment's port is its own affair."""
    app = {name: value.reveal() for name, value in desired.variables.items()}
    return app | platform_variables(desired, port=None if place.adopted else PORT)


def _without_instances(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**manifest, "spec": {**manifest["spec"], "replicas": 0}}


def _same_secret(one: Object, other: Object) -> bool:
    return _owner_of(one) == _owner_of(other) and (one.get("data") or {}) == (other.get("data") or {})


def _owner_of(secret: Object) -> list[str]:
    return [owner["uid"] for owner in secret["metadata"].get("ownerReferences") or []]
