"""The gRPC methods of releaser: proto to domain and back."""

from collections.abc import AsyncIterator
from typing import Any

from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc

from paaskit.access import app_ref, current_caller, current_user, may
from paaskit.audit import actor_of
from paaskit.release_order import released_change_from, released_change_to
from services.releaser.by_hand.drafts import Drafts, DraftWish
from services.releaser.by_hand.intents import Asker
from services.releaser.by_hand.rollback import Rollbacks, RollbackWish
from services.releaser.domain import AppKey, Versions
from services.releaser.logs import Logs, Question
from services.releaser.releases import Releases, Requests
from services.releaser.shown import Sight, drift_to, instance_to, release_to, rollback_to, visible
from services.releaser.work.orders import Order

_LIST: str = "secrets.list"
_CHANGE: str = "releases.write"


class ReleaserServicer(releaser_pb2_grpc.ReleaserServiceServicer):
    """What users call."""

    def __init__(self, releases: Releases, drafts: Drafts, rollbacks: Rollbacks, logs: Logs) -> None:
        self._releases = releases
        self._logs = logs
        self._drafts = drafts
        self._rollbacks = rollbacks

    async def ListReleases(self, request: releaser_pb2.ListReleasesRequest, _: Any) -> Any:
        """Lists an app's releases, newest first."""
        releases, token = await self._releases.list(
            app_ref(request.app), size=request.page_size, token=request.page_token
        )
        shown = [release_to(release, _sight()) for release in releases]
        return releaser_pb2.ListReleasesResponse(releases=shown, next_page_token=token)

    async def GetRelease(self, request: releaser_pb2.GetReleaseRequest, _: Any) -> Any:
        """Reads one release."""
        release = await self._releases.get(app_ref(request.app), request.number)
        return releaser_pb2.GetReleaseResponse(release=release_to(release, _sight(may_read_output=may(_CHANGE))))

    async def WatchRelease(
        self, request: releaser_pb2.WatchReleaseRequest, _: Any
    ) -> AsyncIterator[releaser_pb2.WatchReleaseResponse]:
        """Sends a release as it is now and then at each change, until it has ended."""
        async for release in self._releases.watch(app_ref(request.app), request.number):
            yield releaser_pb2.WatchReleaseResponse(release=release_to(release, _sight(may_read_output=may(_CHANGE))))

    async def CreateRelease(self, request: releaser_pb2.CreateReleaseRequest, _: Any) -> Any:
        """Releases the draft; restarts the app if nothing is staged."""
        wish = DraftWish(
            request_id=request.request_id,
            app=app_ref(request.app),
            asker=_asker(),
            replace_newer=request.replace_newer,
            leave_draft=request.leave_draft,
            validate_only=request.validate_only,
        )
        release, changes = await self._drafts.release(wish)
        shown, hidden = visible(changes, may_list_secrets=may(_LIST))
        return releaser_pb2.CreateReleaseResponse(
            release=release_to(release, _sight()) if release else None,
            changes=map(released_change_to, shown),
            hidden_changes=hidden,
        )

    async def Rollback(self, request: releaser_pb2.RollbackRequest, _: Any) -> Any:
        """Makes a new release with the app spec and config of an old one."""
        wish = RollbackWish(
            request_id=request.request_id,
            app=app_ref(request.app),
            asker=_asker(),
            number=request.number,
            with_secrets=request.with_secrets,
            validate_only=request.validate_only,
        )
        return rollback_to(await self._rollbacks.go_back(wish), _sight())

    async def ReadLogs(
        self, request: releaser_pb2.ReadLogsRequest, _: Any
    ) -> AsyncIterator[releaser_pb2.ReadLogsResponse]:
        """Sends what the app's instances wrote, values masked."""
        question = Question(
            app=app_ref(request.app),
            lines=request.lines if request.HasField("lines") else None,
            instance=request.instance,
            follow=request.follow,
        )
        async for found in self._logs.read(question):
            yield releaser_pb2.ReadLogsResponse(instance=found.instance, release=found.release, lines=found.lines)

    async def ListInstances(self, request: releaser_pb2.ListInstancesRequest, _: Any) -> Any:
        """Lists the instances that run now."""
        instances, drift = await self._releases.instances(app_ref(request.app))
        return releaser_pb2.ListInstancesResponse(
            instances=map(instance_to, instances),
            drift=drift_to(drift, may_list_secrets=may(_LIST)) if drift else None,
        )


class ReleaserInternalServicer(releaser_pb2_grpc.ReleaserInternalServiceServicer):
    """What other services call."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def RequestReleases(self, request: releaser_pb2.RequestReleasesRequest, _: Any) -> Any:
        """Queues releases, each once per change id."""
        numbers = await self._requests.order([_order_from(order) for order in request.orders])
        return releaser_pb2.RequestReleasesResponse(numbers=numbers)

    async def RemoveApp(self, request: releaser_pb2.RemoveAppRequest, _: Any) -> Any:
        """Stops a destroyed app's instances and ends its queue."""
        await self._requests.remove(AppKey(tenant=request.tenant, app_id=request.app_id))
        return releaser_pb2.RemoveAppResponse()


def _asker() -> Asker:
    return Asker(actor=actor_of(current_caller()), may_list_secrets=may(_LIST))


def _sight(*, may_read_output: bool = False) -> Sight:
    return Sight(may_list_secrets=may(_LIST), may_read_output=may_read_output, app_ids=current_user().app_ids)


def _order_from(order: releaser_pb2.ReleaseOrder) -> Order:
    return Order(
        key=AppKey(tenant=order.tenant, app_id=order.app_id),
        app=order.app,
        change_id=order.change_id,
        actor=order.actor,
        description=order.description,
        versions=Versions(
            config=order.config_version if order.HasField("config_version") else None,
            secrets=order.secrets_version if order.HasField("secrets_version") else None,
        ),
        changes=tuple(map(released_change_from, order.changes)),
    )
