"""Releases: listed, shown, watched to their end within a time, and compared."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from paas_cli.agents.call import Call
from paas_cli.agents.schema import AppInput, Noted, Output, ReleaseNumber
from paas_cli.agents.tool import Effect, Tool, in_thread
from paas_cli.commands.releases import diff as diff_command
from paas_cli.commands.releases import info as info_command
from paas_cli.commands.releases import list as list_command
from paas_cli.errors import Failure
from paas_cli.releases import listing, shown, states

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release as ReleaseMessage

# Seconds between two looks at a release, and from when on it is looked at less often.
_PAUSES = (0.5, 1.0, 1.0, 2.0)


class ReleaseList(AppInput):
    """How many."""

    limit: int = Field(default=10, ge=1, le=100)


class OneRelease(AppInput):
    """Which release."""

    number: ReleaseNumber = Field(description="The number in `v12`.")


class WatchedRelease(AppInput):
    """Which release, and for how long."""

    number: ReleaseNumber | None = Field(default=None, description="The number in `v12`; without it the newest.")
    timeout_seconds: int = Field(default=45, ge=1, le=600)


class TwoReleases(AppInput):
    """From which to which."""

    old: ReleaseNumber
    new: ReleaseNumber | None = Field(default=None, description="Without it, the newest.")


class Change(Output):
    """What a release did to one name; null for what the app runs."""

    name: str | None
    kind: str
    action: str
    actor: str


class Summary(Output):
    """A release in a list."""

    number: int
    state: str
    description: str
    actor: str
    created_at: str | None
    message: str | None = Field(description="Why it failed, or what it waits for.")


class Member(Output):
    """An app's release as a part of a shared group's; null while it waits for those before it."""

    app: str
    release: int | None
    state: str


class Release(Summary):
    """All there is of one."""

    finished_at: str | None
    instances_updated: int
    instances_ready: int
    instances_total: int
    superseded_by: int | None
    reverted_to: int | None
    revert_release: int | None
    reverted_names: list[str] = Field(description="Names that were taken back as it failed.")
    changes: list[Change]
    hidden_changes: int
    members: list[Member] = Field(description="Of a shared group's release: those of the apps that have the group.")
    hidden_members: int
    output: str | None = Field(description="The end of what the failing instance wrote, values masked.")


class Releases(Output):
    """Newest first."""

    app: str
    releases: list[Summary]


class Shown(Output):
    """One release of an app."""

    app: str
    release: Release


class Watched(Shown):
    """A release as it was last seen."""

    ended: bool = Field(description="False where the time was over first: watch again.")


class Step(Change):
    """What became of a name between two releases, and in which of them last."""

    release: int


class Steps(Noted):
    """What lies between two releases."""

    app: str
    changes: list[Step]
    hidden_changes: int


def list_releases(call: Call, given: ReleaseList) -> Releases:
    """The newest."""
    return Releases.model_validate(call.document(lambda session: list_command.run(session, limit=given.limit)))


def show_release(call: Call, given: OneRelease) -> Shown:
    """One of them."""
    return Shown.model_validate(call.document(lambda session: info_command.run(session, number=given.number)))


def watch_release(call: Call, given: WatchedRelease) -> Watched:
    """A release, or what superseded it, once it has ended or the time is over. Raises Failure."""
    surroundings = call.host.surroundings
    number = given.number if given.number is not None else _newest(call)
    over, looks = surroundings.now() + given.timeout_seconds, 0
    while True:
        release = _release(call, number)
        newer = shown.number(release, "superseded_by")
        if release.state == states.SUPERSEDED and newer is not None:
            number = newer
            continue
        ended = release.state in states.ENDED
        left = over - surroundings.now()
        if ended or left <= 0:
            document: dict[str, Any] = {"app": call.session.app, "release": shown.document(release), "ended": ended}
            return Watched.model_validate(document)
        surroundings.sleep(min(_PAUSES[min(looks, len(_PAUSES) - 1)], left))
        looks += 1


def _newest(call: Call) -> int:
    newest = next(listing.newest_first(call.session, most=1), None)
    if newest is None:
        raise Failure(f"{call.session.app} has no releases to watch.")
    return newest.number


def _release(call: Call, number: int) -> "ReleaseMessage":
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.GetReleaseRequest(app=call.session.app, number=number)
    path = "/paas.releaser.v1.ReleaserService/GetRelease"
    return call.session.read(path, request, releaser_pb2.GetReleaseResponse).release


def compare_releases(call: Call, given: TwoReleases) -> Steps:
    """What changed between two."""
    found = call.document(lambda session: diff_command.run(session, given.old, given.new))
    return Steps.model_validate({**found, "notes": call.notes})


TOOLS = (
    Tool(
        name="list_releases",
        title="List releases",
        description="An app's releases, newest first, each with its state and, where it failed, why.",
        effect=Effect.READ,
        takes=ReleaseList,
        gives=Releases,
        perform=in_thread(list_releases),
    ),
    Tool(
        name="show_release",
        title="Show one release",
        description=(
            "What a release changed by name, how far it is, and where it failed, why and what the failing instance "
            "wrote at last: `message`, `output`. A failed release was taken back; put it right with `stage`."
        ),
        effect=Effect.READ,
        takes=OneRelease,
        gives=Shown,
        perform=in_thread(show_release),
    ),
    Tool(
        name="watch_release",
        title="Wait for a release to end",
        description=(
            "Waits until a release, or the one that superseded it, has succeeded or failed, for `timeout_seconds` at "
            "most. Where `ended` is false, call it again; where `state` is failed, `message` and `output` say why."
        ),
        effect=Effect.READ,
        takes=WatchedRelease,
        gives=Watched,
        perform=in_thread(watch_release),
    ),
    Tool(
        name="compare_releases",
        title="Compare two releases",
        description="Which variables were added, changed or removed from one release to another, by whom; no values.",
        effect=Effect.READ,
        takes=TwoReleases,
        gives=Steps,
        perform=in_thread(compare_releases),
    ),
)
