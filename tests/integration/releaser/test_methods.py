"""Every method as users meet it: what is answered, what is refused and how, which audit events are left.

Leaves out who may call (the access matrix) and how releases go (test_releases.py).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from paas.releaser.v1 import releaser_pb2

from paaskit.clock import random_id
from services.releaser.server import assemble
from tests.fakes.desired_state import FakeApp
from tests.fixtures.serving import serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.releaser.conftest import Neighbourhood, Stage, persistently, spec_of

OK, FAILED_OUTCOME = 1, 3


async def refusal(call: Any) -> tuple[str, str, str]:
    """The code, reason and sentence a call is refused with."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return refused.value.code().name, info.reason, status.message


@pytest.fixture
async def app(stage: Stage) -> FakeApp:
    """An app with one release that succeeded."""
    app = stage.variables.app(spec_of(), COLOUR="blue")
    assert (await stage.release(app)).state == releaser_pb2.STATE_SUCCEEDED
    return app


async def test_create_release_restarts_once_per_request_id(stage: Stage, app: FakeApp) -> None:
    before = (await stage.instances())[0].port
    answers = await asyncio.gather(
        *(persistently(lambda: stage.create(request_id="restart-it-now")) for _ in range(20))
    )
    assert answers == [answers[0]] * 20
    first = answers[0].release
    assert (first.number, first.description) == (2, "Restart")
    assert first.actor == "user:ada@example.com"
    assert (await stage.end(2)).state == releaser_pb2.STATE_SUCCEEDED
    assert (await stage.instances())[0].port != before
    assert await stage.actions(3) == [
        ("releases.finish", 1, OK),
        ("releases.create", 2, OK),
        ("releases.finish", 2, OK),
    ]
    created = stage.audit.events[1]
    assert (created.actor, created.app, created.app_id) == ("user:ada@example.com", "web", "a1")
    assert created.request_id == "restart-it-now"
    assert created.client_address
    finish = stage.audit.events[2]
    assert finish.app_id == "a1"
    assert (finish.actor, finish.on_behalf_of) == ("service:releaser", "user:ada@example.com")


async def test_create_release_learns_an_app_from_config(stage: Stage) -> None:
    stage.variables.app(spec_of(instances=0), name="quiet", app_id="q1")
    release = (await stage.create(app="quiet")).release
    assert (await stage.end(release.number, app="quiet")).state == releaser_pb2.STATE_SUCCEEDED


async def test_an_absent_and_a_foreign_app_are_told_in_the_same_words(stage: Stage, app: FakeApp) -> None:
    stage.variables.app(spec_of(), tenant="globex", name="theirs", app_id="t1")
    await stage.order(stage.variables.apps[next(key for key in stage.variables.apps if key.tenant == "globex")])
    users, me = stage.users, stage.me
    for method, request in (
        (users.ListReleases, releaser_pb2.ListReleasesRequest),
        (users.GetRelease, lambda app: releaser_pb2.GetReleaseRequest(app=app, number=1)),
        (users.CreateRelease, lambda app: releaser_pb2.CreateReleaseRequest(app=app, request_id=random_id())),
        (users.Rollback, lambda app: releaser_pb2.RollbackRequest(app=app, request_id=random_id(), number=1)),
        (users.ListInstances, releaser_pb2.ListInstancesRequest),
    ):
        foreign = await refusal(method(request(app="theirs"), metadata=me))
        absent = await refusal(method(request(app="absent"), metadata=me))
        assert foreign[:2] == absent[:2] == ("NOT_FOUND", "APP_NOT_FOUND")
        assert foreign[2].replace("theirs", "absent") == absent[2]
    for strange in ("", "W", "a\0b", "../x", "x" * 5000):
        request_of = releaser_pb2.ListReleasesRequest(app=strange)
        expected = "INVALID_ARGUMENT" if strange else "NOT_FOUND"
        assert (await refusal(users.ListReleases(request_of, metadata=me)))[0] == expected


async def test_releases_are_listed_newest_first_in_pages(stage: Stage, app: FakeApp) -> None:
    for _ in range(4):
        await stage.order(app)
    request = releaser_pb2.ListReleasesRequest(app="web", page_size=2)
    seen = []
    while True:
        page = await stage.users.ListReleases(request, metadata=stage.me)
        seen.append([release.number for release in page.releases])
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == [[5, 4], [3, 2], [1]]
    for wrong in ({"page_size": -1}, {"page_token": "nonsense"}):
        listing = stage.users.ListReleases(releaser_pb2.ListReleasesRequest(app="web", **wrong), metadata=stage.me)
        assert (await refusal(listing))[0] == "INVALID_ARGUMENT"


async def test_wrong_requests_are_refused(stage: Stage, app: FakeApp) -> None:
    assert (await refusal(stage.create(request_id="short")))[0] == "INVALID_ARGUMENT"
    for orders in ([], [releaser_pb2.ReleaseOrder(tenant="acme", app_id="a1", app="web")] * 2):
        request = releaser_pb2.RequestReleasesRequest(orders=orders)
        assert (await refusal(stage.internal.RequestReleases(request)))[0] == "INVALID_ARGUMENT"
    assert (await refusal(stage.internal.RemoveApp(releaser_pb2.RemoveAppRequest())))[0] == "INVALID_ARGUMENT"


async def test_watch_tells_each_change_until_the_end(quick: Stage) -> None:
    app, second = quick.variables.app(spec_of(instances=2)), asyncio.Event()

    async def becomes_ready(environment: Mapping[str, str]) -> bool:
        return environment["PAAS_INSTANCE"] == "1" or await second.wait()

    quick.runtime.becomes_ready = becomes_ready
    quick.variables.hold["desired_state"] = asyncio.Event()
    number = await quick.order(app)
    states = []
    request = releaser_pb2.WatchReleaseRequest(app="web", number=number)
    async for answer in quick.users.WatchRelease(request, metadata=quick.me, timeout=PATIENCE):
        states.append((answer.release.state, answer.release.instances_ready))
        # What goes on only once it was seen is not passed over, however slow whoever watches is.
        if held := quick.variables.hold.pop("desired_state", None):
            held.set()
        if states[-1] == (releaser_pb2.STATE_RUNNING, 1):
            second.set()
    assert states[0][0] in (releaser_pb2.STATE_QUEUED, releaser_pb2.STATE_RUNNING)
    assert states[-1] == (releaser_pb2.STATE_SUCCEEDED, 2)
    assert (releaser_pb2.STATE_RUNNING, 1) in states
    assert len(await quick.watch(number)) == 1


async def test_watch_ends_when_the_server_stops(neighbourhood: Neighbourhood, tls: Certificates) -> None:
    near = neighbourhood
    app = near.variables.app(spec_of())
    near.variables.hold["desired_state"] = asyncio.Event()
    address, me = near.settings.listen, near.signer.user()
    async with (
        tls.channel(address, service="releaser", caller="gateway") as gateway,
        tls.channel(address, service="releaser", caller="config") as config,
    ):
        stage = Stage(near.settings, near.variables, near.audit, near.signer, gateway, config, me)
        async with serving(near.settings, await assemble(near.settings)):
            number = await stage.order(app)
            watching = asyncio.create_task(stage.watch(number))
            await asyncio.sleep(0.3)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await watching
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_removed_app_stops_and_its_name_is_free(stage: Stage, app: FakeApp) -> None:
    request = releaser_pb2.RemoveAppRequest(tenant="acme", app_id="a1")
    (instance,) = await stage.instances()
    app.change(UNHEALTHY="1")
    number = await stage.order(app)
    await asyncio.sleep(0.5)
    await stage.internal.RemoveApp(request)

    def has_ended() -> bool:
        try:
            stage.environments(of=[instance])
        except OSError:
            return True
        return False

    await until(has_ended)  # where it takes long, it is answered before that
    await stage.internal.RemoveApp(request)
    await stage.internal.RemoveApp(releaser_pb2.RemoveAppRequest(tenant="acme", app_id="never-heard-of"))
    del stage.variables.apps[app.key]
    get = releaser_pb2.GetReleaseRequest(app="web", number=number)
    assert (await refusal(stage.users.GetRelease(get, metadata=stage.me)))[1] == "APP_NOT_FOUND"
    newer = stage.variables.app(spec_of(), app_id="a2")
    assert (await stage.release(newer)).number == 1
