"""Releases and instances."""

from typing import Any

from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2 as p

from tests.fakes.gateway import Fault
from tests.fakes.platform.config import an_app
from tests.fakes.platform.draft import STAGED_AT
from tests.fakes.platform.state import NOW, Platform


def found(platform: Platform, request: Any) -> p.Release:
    releases = platform.app(request.app).releases
    if request.number not in releases:
        raise Fault(5, f"There is no release v{request.number}.", reason="RELEASE_NOT_FOUND")
    return releases[request.number]


def watch_release(platform: Platform, request: Any) -> Any:
    release = found(platform, request)
    return (p.WatchReleaseResponse(release=state) for state in platform.end(release))


def list_instances(platform: Platform, request: Any) -> Any:
    app = an_app(platform, request.app)
    state = [
        p.Instance(index=i + 1, release=1, port=9000 + i, state="ready", started_at=NOW)
        for i in range(app.spec.instances)
    ]
    return p.ListInstancesResponse(instances=state)


def read_logs(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    lines = app.log[-request.lines :] if request.lines else []
    answers = [p.ReadLogsResponse(instance=1, release=3, lines=lines)] if lines else []
    if request.follow:
        answers.append(p.ReadLogsResponse(instance=2, release=4, lines=["later"]))
    return iter(answers)


def rollback(platform: Platform, request: Any) -> Any:
    found(platform, request)
    changes = [config_pb2.NameChange(name="LOG_LEVEL", action=config_pb2.ACTION_CHANGED)]
    answer = p.RollbackResponse(
        changes=changes, hidden_changes=2, spec_changed=True, gone_groups=platform.app(request.app).gone_groups
    )
    if request.validate_only:
        return answer
    release = platform.release(request.app, f"Rolled back to v{request.number}")
    release.source_release = request.number
    answer.release.CopyFrom(release)
    return answer


def list_releases(platform: Platform, request: Any) -> Any:
    return p.ListReleasesResponse(releases=list(platform.app(request.app).releases.values())[::-1])


def get_release(platform: Platform, request: Any) -> Any:
    return p.GetReleaseResponse(release=found(platform, request))


def create_release(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    if request.leave_draft:
        return p.CreateReleaseResponse(release=platform.release(request.app, "Restart"))
    changes = [*app.config.released(secret=False), *app.sealed.released(secret=True)]
    if app.staged_spec is not None:
        by = "user:bob@example.com"
        changes.append(p.ReleasedChange(action=config_pb2.ACTION_CHANGED, actor=by, staged_at=STAGED_AT))
    if request.validate_only:
        return p.CreateReleaseResponse(changes=changes)
    newer = ", ".join(change.name for change in changes if change.replaces_newer)
    if newer and not request.replace_newer:
        look = f"`paas releases:create --dry-run -a {request.app}` shows what would be replaced"
        raise Fault(9, f"{newer} changed since it was staged; {look}.", reason="DRAFT_REPLACES_NEWER")
    app.config.go_live()
    app.sealed.go_live()
    app.spec, app.staged_spec = app.staged_spec or app.spec, None
    names = ", ".join(change.name or "what the app runs" for change in changes)
    what = f"Release the draft: {names}" if changes else "Restart"
    release = platform.release(request.app, what, [change.name for change in changes])
    release.changes.extend(changes)
    return p.CreateReleaseResponse(release=release, changes=changes)


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {
        "ListReleases": list_releases,
        "GetRelease": get_release,
        "WatchRelease": watch_release,
        "CreateRelease": create_release,
        "Rollback": rollback,
        "ListInstances": list_instances,
        "ReadLogs": read_logs,
    }
    platform.serve(p.DESCRIPTOR.services_by_name["ReleaserService"], handlers)
