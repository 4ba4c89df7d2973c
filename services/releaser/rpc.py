"""The gRPC methods of releaser: proto to domain and back."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc

from paaskit.access import current_caller, current_user
from paaskit.audit import actor_of
from services.releaser.domain import AppKey, NameChange, Order, Release, State
from services.releaser.releasing import Releases, RollbackOrder
from services.releaser.runtime import Instance

_STATES: Final = {
    State.QUEUED: releaser_pb2.STATE_QUEUED,
    State.RUNNING: releaser_pb2.STATE_RUNNING,
    State.SUCCEEDED: releaser_pb2.STATE_SUCCEEDED,
    State.FAILED: releaser_pb2.STATE_FAILED,
    State.SUPERSEDED: releaser_pb2.STATE_SUPERSEDED,
}
_ACTIONS: Final = {
    "added": config_pb2.ACTION_ADDED,
    "changed": config_pb2.ACTION_CHANGED,
    "removed": config_pb2.ACTION_REMOVED,
}


class ReleaserServicer(releaser_pb2_grpc.ReleaserServiceServicer):
    """What users call."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases

    async def ListReleases(self, request: releaser_pb2.ListReleasesRequest, _: Any) -> Any:
        """Lists an app's releases, newest first."""
        releases, token = await self._releases.list(
            current_user().tenant, request.app, size=request.page_size, token=request.page_token
        )
        return releaser_pb2.ListReleasesResponse(releases=map(to_release, releases), next_page_token=token)

    async def GetRelease(self, request: releaser_pb2.GetReleaseRequest, _: Any) -> Any:
        """Reads one release."""
        release = await self._releases.get(current_user().tenant, request.app, request.number)
        return releaser_pb2.GetReleaseResponse(release=to_release(release))

    async def WatchRelease(
        self, request: releaser_pb2.WatchReleaseRequest, _: Any
    ) -> AsyncIterator[releaser_pb2.WatchReleaseResponse]:
        """Sends a release as it is now and then at each change, until it has ended."""
        async for release in self._releases.watch(current_user().tenant, request.app, request.number):
            yield releaser_pb2.WatchReleaseResponse(release=to_release(release))

    async def CreateRelease(self, request: releaser_pb2.CreateReleaseRequest, _: Any) -> Any:
        """Releases whatever is staged; restarts the app if nothing is."""
        actor = actor_of(current_caller())
        release = await self._releases.create(actor, request.app, request_id=request.request_id)
        return releaser_pb2.CreateReleaseResponse(release=to_release(release))

    async def Rollback(self, request: releaser_pb2.RollbackRequest, _: Any) -> Any:
        """Makes a new release with the app spec and config of an old one."""
        order = RollbackOrder(
            request_id=request.request_id,
            app=request.app,
            number=request.number,
            with_secrets=request.with_secrets,
            validate_only=request.validate_only,
        )
        release, changes = await self._releases.rollback(actor_of(current_caller()), order)
        return releaser_pb2.RollbackResponse(
            release=to_release(release) if release else None, changes=map(_to_change, changes)
        )

    async def ListInstances(self, request: releaser_pb2.ListInstancesRequest, _: Any) -> Any:
        """Lists the instances that run now."""
        instances = await self._releases.instances(current_user().tenant, request.app)
        return releaser_pb2.ListInstancesResponse(instances=map(_to_instance, instances))


class ReleaserInternalServicer(releaser_pb2_grpc.ReleaserInternalServiceServicer):
    """What other services call."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases

    async def RequestReleases(self, request: releaser_pb2.RequestReleasesRequest, _: Any) -> Any:
        """Queues releases, each once per change id."""
        return releaser_pb2.RequestReleasesResponse(numbers=await self._releases.request(_to_orders(request)))

    async def RemoveApp(self, request: releaser_pb2.RemoveAppRequest, _: Any) -> Any:
        """Stops a destroyed app's instances and ends its queue."""
        await self._releases.remove(AppKey(tenant=request.tenant, app_id=request.app_id))
        return releaser_pb2.RemoveAppResponse()


def _to_orders(request: releaser_pb2.RequestReleasesRequest) -> list[Order]:
    return [
        Order(
            key=AppKey(tenant=order.tenant, app_id=order.app_id),
            app=order.app,
            change_id=order.change_id,
            actor=order.actor,
            description=order.description,
        )
        for order in request.orders
    ]


def to_release(release: Release) -> releaser_pb2.Release:
    """Return the message that stands for a release."""
    return releaser_pb2.Release(
        number=release.number,
        state=_STATES[release.state],
        description=release.description,
        actor=release.actor,
        config_version=release.config_version,
        secrets_version=release.secrets_version,
        created_at=_to_timestamp(release.created_at),
        started_at=_to_timestamp(release.started_at),
        finished_at=_to_timestamp(release.finished_at),
        message=release.message,
        instances_ready=release.instances_ready,
        instances_total=release.instances_total,
        superseded_by=release.superseded_by,
        reverted_to=0 if release.undo_due else release.reverted_to,
        revert_release=release.revert_release,
        reverted_names=release.reverted_names,
        source_release=release.source_release,
    )


def _to_instance(instance: Instance) -> releaser_pb2.Instance:
    return releaser_pb2.Instance(
        index=instance.index,
        release=instance.release,
        port=instance.port,
        state=instance.state,
        started_at=_to_timestamp(instance.started_at),
        log=instance.log,
    )


def _to_change(change: NameChange) -> config_pb2.NameChange:
    return config_pb2.NameChange(name=change.name, action=_ACTIONS[change.action])


def _to_timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
