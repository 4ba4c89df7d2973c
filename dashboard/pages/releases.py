"""Releases of an app: the list, and one as it rolls out."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict

from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.releaser.v1.releaser_pb2 import Release
from starlette.responses import Response, StreamingResponse

from dashboard.calls import apps as calls
from dashboard.calls.refusals import Refusal
from dashboard.calls.releases import changes_of_groups
from dashboard.pages.app.heading import instances_of, subject_of
from dashboard.pages.members import members
from dashboard.pages.states import has_ended, is_way_back, release_state, state_of
from dashboard.web.visit import Visit
from paas_cli.groups.versions import words

_LISTED = 50


async def index(visit: Visit) -> Response:
    """Show the newest."""
    app = visit.place.name
    subject = await subject_of(visit)
    releases, instances = await asyncio.gather(
        calls.list_releases(visit.caller, app, count=_LISTED), instances_of(visit)
    )
    newest = releases[0] if releases else None
    return visit.page(
        "releases.html",
        here=visit.place.kind,
        app=subject,
        tab="releases",
        releases=[(each, release_state(each), _may_go_back(visit, each, newest)) for each in releases or ()],
        may_see=releases is not None,
        state=state_of(newest, instances),
        release=newest,
    )


async def show(visit: Visit) -> Response:
    """Show one, which goes on by itself where there are scripts."""
    app, number = visit.place.name, visit.number("number")
    caller = visit.caller
    subject = await subject_of(visit)
    stub = releaser_pb2_grpc.ReleaserServiceStub(caller.channel)
    answer, instances, newest = await asyncio.gather(
        caller.call(stub.GetRelease, releaser_pb2.GetReleaseRequest(app=app, number=number)),
        instances_of(visit),
        calls.newest_release(caller, app),
    )
    of_groups = await changes_of_groups(caller, app, answer.release)
    return visit.page(
        "release.html",
        here=visit.place.kind,
        app=subject,
        tab="releases",
        shown=answer.release,
        shown_state=release_state(answer.release),
        has_ended=has_ended(answer.release),
        members=members(answer.release),
        given=[(each.group, words(each)) for each in answer.release.groups],
        of_groups=of_groups,
        is_offered=_may_go_back(visit, answer.release, newest),
        instances=instances.instances if instances else (),
        state=state_of(newest, instances),
        release=newest,
    )


async def progress(visit: Visit) -> Response:
    """Tell a script how a release goes on, an event each time something of it changes (HTML, 9.2)."""
    caller = visit.caller
    stub = releaser_pb2_grpc.ReleaserServiceStub(caller.channel)
    request = releaser_pb2.WatchReleaseRequest(app=visit.place.name, number=visit.number("number"))

    async def events() -> AsyncIterator[str]:
        try:
            async for answer in visit.while_signed_in(caller.stream(stub.WatchRelease, request)):
                yield f"data: {json.dumps(_told(answer.release))}\n\n"
        except Refusal as refusal:
            yield f"event: refused\ndata: {json.dumps({'sentence': refusal.sentence})}\n\n"
        # Whoever is told does not ask again.
        yield "event: end\ndata: {}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


def _may_go_back(visit: Visit, release: Release, newest: Release | None) -> bool:
    """Whether going back to a release is offered: to one that was well, by who may, unless it is what runs."""
    return visit.person.may("releases.write") and is_way_back(release, newest)


def _told(release: Release) -> dict[str, object]:
    state = release_state(release)
    return {
        "kind": state.kind,
        "word": state.word,
        "ended": has_ended(release),
        "ready": release.instances_ready,
        "total": release.instances_total,
        "updated": release.instances_updated,
        "old": release.instances_old,
        "message": release.message,
        "members": [asdict(member) for member in members(release)],
    }
