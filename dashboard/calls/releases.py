"""Releases that somebody asks for: of what is staged, and back to an earlier one."""

from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc

from dashboard.calls.caller import Caller


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
