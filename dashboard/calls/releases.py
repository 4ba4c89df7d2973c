"""Releases that somebody asks for, of what is staged and back to an earlier one, and what groups changed in one."""

import asyncio
from collections.abc import Sequence
from typing import Final

from google.rpc import code_pb2
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal
from dashboard.releases.between import Between, between
from dashboard.releases.shared import GroupChanges, Moved, moved, since

# Among so many of a group's newest releases is what an app's newest ones were given.
_NEWEST: Final = 50
_NOT_SEEN: Final = (code_pb2.PERMISSION_DENIED, code_pb2.NOT_FOUND)


async def release_draft(caller: Caller, app: str, *, request_id: str, replace_newer: bool) -> int:
    """Release what is staged; the release's number. Raises Refusal."""
    request = releaser_pb2.CreateReleaseRequest(request_id=request_id, app=app, replace_newer=replace_newer)
    return (
        await caller.call(releaser_pb2_grpc.ReleaserServiceStub(caller.channel).CreateRelease, request)
    ).release.number


async def roll_back(
    caller: Caller, app: str, number: int, *, with_secrets: bool, request_id: str, validate_only: bool
) -> releaser_pb2.RollbackResponse:
    """Go back to a release, or only say what that would change. Raises Refusal."""
    request = releaser_pb2.RollbackRequest(
        request_id=request_id, app=app, number=number, with_secrets=with_secrets, validate_only=validate_only
    )
    return await caller.call(releaser_pb2_grpc.ReleaserServiceStub(caller.channel).Rollback, request)


async def changes_of_groups(caller: Caller, app: str, release: releaser_pb2.Release) -> Sequence[GroupChanges]:
    """Return what changed of its shared groups since the release before, name by name.

    Nothing is asked of a release without groups, and nothing is told of a group that the person may not see.
    Raises Refusal.
    """
    if not release.groups or release.number < 2:
        return ()
    stub = releaser_pb2_grpc.ReleaserServiceStub(caller.channel)
    before = await caller.call(stub.GetRelease, releaser_pb2.GetReleaseRequest(app=app, number=release.number - 1))
    changed = moved(before.release, release)
    found = await asyncio.gather(*(_between(caller, each) for each in changed))
    told = [since(each, some.releases, is_whole=some.is_whole) for each, some in zip(changed, found, strict=True)]
    return [each for each in told if each is not None]


async def _between(caller: Caller, group: Moved) -> Between:
    """Return the group's releases in between; none of one that the person may not see. Raises Refusal."""
    stub = releaser_pb2_grpc.ReleaserServiceStub(caller.channel)

    async def newest() -> Sequence[releaser_pb2.Release]:
        request = releaser_pb2.ListReleasesRequest(app=group.group, page_size=_NEWEST)
        return (await caller.call(stub.ListReleases, request)).releases

    async def numbered(numbers: Sequence[int]) -> Sequence[releaser_pb2.Release]:
        requests = [releaser_pb2.GetReleaseRequest(app=group.group, number=each) for each in numbers]
        answers = await asyncio.gather(*(caller.call(stub.GetRelease, each) for each in requests))
        return [each.release for each in answers]

    try:
        return await between(group, newest=newest, numbered=numbered)
    except Refusal as refusal:
        if refusal.code in _NOT_SEEN:
            return Between(releases=(), is_whole=True)
        raise
