"""Every method as users meet it: what is answered, what is refused and how, which audit events are left.

Leaves out who may call (the access matrix) and how releases go (test_releases.py).
"""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.clock import random_id
from services.releaser.server import assemble
from tests.fakes.desired_state import FakeApp
from tests.fixtures.serving import serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.releaser.conftest import Neighbourhood, Stage, spec_of

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


async def create(stage: Stage, *, app: str = "web", request_id: str = "") -> releaser_pb2.Release:
    request = releaser_pb2.CreateReleaseRequest(request_id=request_id or random_id(), app=app)
    answer: releaser_pb2.CreateReleaseResponse = await stage.users.CreateRelease(request, metadata=stage.me)
    return answer.release


async def roll_back(
    stage: Stage, number: int, *, request_id: str = "", with_secrets: bool = False, validate_only: bool = False
) -> releaser_pb2.RollbackResponse:
    request = releaser_pb2.RollbackRequest(
        request_id=request_id or random_id(),
        app="web",
        number=number,
        with_secrets=with_secrets,
        validate_only=validate_only,
    )
    answer: releaser_pb2.RollbackResponse = await stage.users.Rollback(request, metadata=stage.me)
    return answer


async def test_create_release_restarts_once_per_request_id(stage: Stage, app: FakeApp) -> None:
    first, again = await asyncio.gather(*(create(stage, request_id="restart-it-now") for _ in range(2)))
    assert first.number == again.number == 2
    assert first.actor == "user:ada@example.com"
    before = (await stage.instances())[0].port
    assert (await stage.end(2)).state == releaser_pb2.STATE_SUCCEEDED
    assert (await stage.instances())[0].port != before
    assert await stage.actions(3) == [
        ("releases.finish", 1, OK),
        ("releases.create", 2, OK),
        ("releases.finish", 2, OK),
    ]
    created = stage.audit.events[1]
    assert (created.actor, created.app, created.request_id) == ("user:ada@example.com", "web", "restart-it-now")
    assert created.client_address
    finish = stage.audit.events[2]
    assert (finish.actor, finish.on_behalf_of) == ("service:releaser", "user:ada@example.com")


async def test_create_release_learns_an_app_from_config(stage: Stage) -> None:
    stage.variables.app(spec_of(instances=0), name="quiet", app_id="q1")
    release = await create(stage, app="quiet")
    assert (await stage.end(release.number, app="quiet")).state == releaser_pb2.STATE_SUCCEEDED


async def test_rollback_keeps_the_newest_secrets(stage: Stage, app: FakeApp) -> None:
    app.seal(KEY="leaked")
    app.change(COLOUR="green", ADDED="1")
    assert (await stage.release(app)).state == releaser_pb2.STATE_SUCCEEDED
    app.seal(KEY="rotated")
    dry = await roll_back(stage, 1, validate_only=True)
    assert not dry.HasField("release")
    assert {(change.name, change.action) for change in dry.changes} == {
        ("COLOUR", config_pb2.ACTION_CHANGED),
        ("ADDED", config_pb2.ACTION_REMOVED),
    }
    made = await roll_back(stage, 1, request_id="rollback-1-please")
    assert (made.release.number, made.release.source_release) == (3, 1)
    assert made.changes == dry.changes
    repeated = await roll_back(stage, 1, request_id="rollback-1-please")
    assert (repeated.release.number, repeated.changes) == (3, made.changes)
    assert (await stage.end(3)).state == releaser_pb2.STATE_SUCCEEDED
    (environment,) = stage.environments(of=await stage.instances())
    assert (environment["COLOUR"], environment["KEY"], "ADDED" in environment) == ("blue", "rotated", False)
    # After the two releases before it, and before its own end.
    assert (await stage.actions(4))[2:] == [("releases.rollback", 3, OK), ("releases.finish", 3, OK)]


async def test_rollback_with_secrets_brings_them_back(stage: Stage, app: FakeApp) -> None:
    app.seal(KEY="first")
    await stage.release(app)
    app.seal(KEY="second")
    await stage.release(app)
    made = await roll_back(stage, 2, with_secrets=True)
    assert [(change.name, change.action) for change in made.changes] == [("KEY", config_pb2.ACTION_CHANGED)]
    await stage.end(made.release.number)
    (environment,) = stage.environments(of=await stage.instances())
    assert environment["KEY"] == "first"


async def test_rollback_goes_only_to_what_succeeded(stage: Stage, app: FakeApp) -> None:
    app.change(CRASH="1")
    await stage.release(app)
    assert (await refusal(roll_back(stage, 2)))[:2] == ("FAILED_PRECONDITION", "REFUSED")
    assert (await refusal(roll_back(stage, 99)))[:2] == ("NOT_FOUND", "RELEASE_NOT_FOUND")
    assert "releases.rollback" not in {action for action, _, _ in await stage.actions(2)}


async def test_rollback_interrupted_by_an_outage_is_finished_by_a_repeat(stage: Stage, app: FakeApp) -> None:
    app.seal(KEY="first")
    await stage.release(app)
    app.change(COLOUR="green")
    app.seal(KEY="second")
    await stage.release(app)
    stage.variables.away.add("secrets")
    refused = await refusal(roll_back(stage, 2, request_id="rollback-both", with_secrets=True))
    assert refused[0] == "UNAVAILABLE"
    stage.variables.away.clear()
    made = await roll_back(stage, 2, request_id="rollback-both", with_secrets=True)
    assert {change.name for change in made.changes} == {"COLOUR", "KEY"}
    await stage.end(made.release.number)
    (environment,) = stage.environments(of=await stage.instances())
    assert (environment["COLOUR"], environment["KEY"]) == ("blue", "first")


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
    assert (await refusal(create(stage, request_id="short")))[0] == "INVALID_ARGUMENT"
    for orders in ([], [releaser_pb2.ReleaseOrder(tenant="acme", app_id="a1", app="web")] * 2):
        request = releaser_pb2.RequestReleasesRequest(orders=orders)
        assert (await refusal(stage.internal.RequestReleases(request)))[0] == "INVALID_ARGUMENT"
    assert (await refusal(stage.internal.RemoveApp(releaser_pb2.RemoveAppRequest())))[0] == "INVALID_ARGUMENT"


async def test_watch_tells_each_change_until_the_end(stage: Stage, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    app = stage.variables.app(spec_of(instances=2), GATE=str(gate), GATE_FROM="2")
    number = await stage.order(app)
    request = releaser_pb2.WatchReleaseRequest(app="web", number=number)
    states = []
    async for answer in stage.users.WatchRelease(request, metadata=stage.me, timeout=PATIENCE):
        states.append((answer.release.state, answer.release.instances_ready))
        if states[-1] == (releaser_pb2.STATE_RUNNING, 1):
            gate.touch()
    assert states[0][0] in (releaser_pb2.STATE_QUEUED, releaser_pb2.STATE_RUNNING)
    assert states[-1] == (releaser_pb2.STATE_SUCCEEDED, 2)
    assert states == sorted(states), "it never goes back"
    assert len(await stage.watch(number)) == 1


async def test_watch_ends_when_the_server_stops(neighbourhood: Neighbourhood, tls: Certificates) -> None:
    near = neighbourhood
    app = near.variables.app(spec_of())
    near.variables.hold["resolve"] = asyncio.Event()
    address, me = near.settings.listen, near.signer.user()
    async with (
        tls.channel(address, service="releaser", caller="gateway") as gateway,
        tls.channel(address, service="releaser", caller="config") as config,
    ):
        stage = Stage(near.settings, near.variables, near.audit, near.signer, gateway, config, me)
        async with serving(near.settings, await assemble(near.settings)):
            request = releaser_pb2.WatchReleaseRequest(app="web", number=await stage.order(app))
            watching = stage.users.WatchRelease(request, metadata=me)
            assert (await watching.read()).release.number == request.number
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await _read_to_the_end(watching)
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    # Its own words, and not what a call is told that is cut off when the server's patience is over.
    assert ended.value.details() == "The releaser is stopping. Watch again in a moment."


async def _read_to_the_end(watching: Any) -> None:
    while await watching.read() is not grpc.aio.EOF:
        pass


async def test_a_removed_app_stops_and_its_name_is_free(stage: Stage, app: FakeApp) -> None:
    request = releaser_pb2.RemoveAppRequest(tenant="acme", app_id="a1")
    (instance,) = await stage.instances()
    app.change(UNHEALTHY="1")
    number = await stage.order(app)
    await until(lambda: len(stage.running()) == 2)
    await stage.internal.RemoveApp(request)
    with pytest.raises(OSError, match="refused"):
        stage.environments(of=[instance])
    await stage.internal.RemoveApp(request)
    await stage.internal.RemoveApp(releaser_pb2.RemoveAppRequest(tenant="acme", app_id="never-heard-of"))
    del stage.variables.apps[app.key]
    get = releaser_pb2.GetReleaseRequest(app="web", number=number)
    assert (await refusal(stage.users.GetRelease(get, metadata=stage.me)))[1] == "APP_NOT_FOUND"
    newer = stage.variables.app(spec_of(), app_id="a2")
    assert (await stage.release(newer)).number == 1
