"""Apps and config vars."""

from typing import Any

from paas.config.v1 import config_pb2 as p

from tests.fakes.gateway import Fault
from tests.fakes.platform import groups
from tests.fakes.platform.draft import STAGED_AT
from tests.fakes.platform.state import NOW, App, Platform


def shown(platform: Platform, name: str) -> p.App:
    app = platform.app(name)
    return p.App(app_id=f"id-{name}", name=name, spec=app.spec, version=app.version, created_at=NOW, etag="e1")


def create_app(platform: Platform, request: Any) -> Any:
    if request.app in platform.apps:
        raise Fault(6, f"There is an app {request.app} already; choose another name.", reason="APP_EXISTS")
    platform.apps[request.app] = App(request.spec)
    change = p.Change(change_id=request.request_id, version=1, release_status=p.RELEASE_STATUS_NONE)
    if request.spec.command or request.spec.image:
        change.release_status = p.RELEASE_STATUS_QUEUED
        change.release = platform.release(request.app, "Created").number
    return p.CreateAppResponse(app=shown(platform, request.app), change=change)


def an_app(platform: Platform, name: str) -> App:
    """An app, or the answer for a group where only an app makes sense."""
    if platform.app(name).is_group:
        raise Fault(9, f"{name} is a group; `paas groups:info {name}` shows it.", reason="NOT_AN_APP")
    return platform.apps[name]


def update_app(platform: Platform, request: Any) -> Any:
    app = an_app(platform, request.app)
    request.spec.groups[:] = app.spec.groups
    if app.spec == request.spec:
        return p.UpdateAppResponse(change=p.Change(release_status=p.RELEASE_STATUS_NONE))
    if request.stage:
        app.staged_spec = request.spec
        change = p.Change(change_id=request.request_id, release_status=p.RELEASE_STATUS_STAGED)
        return p.UpdateAppResponse(app=shown(platform, request.app), change=change)
    app.spec.CopyFrom(request.spec)
    number = platform.release(request.app, "Updated").number
    change = p.Change(change_id=request.request_id, release_status=p.RELEASE_STATUS_QUEUED, release=number)
    return p.UpdateAppResponse(app=shown(platform, request.app), change=change)


def destroy_app(platform: Platform, request: Any) -> Any:
    an_app(platform, request.app)
    del platform.apps[request.app]
    return p.DestroyAppResponse()


def list_vars(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    made: dict[str, Any] = {"version": 1, "updated_at": NOW, "updated_by": "user:ada@example.com"}
    config = app.past[request.version] if request.HasField("version") else app.vars
    found = [p.Var(name=n, value=v, kind=p.VAR_KIND_CONFIG, **made) for n, v in config.items()]
    found += [p.Var(name=n, value=v, kind=p.VAR_KIND_MANAGED, addon="db") for n, v in app.managed.items()]
    start = int(request.page_token or 0)  # small pages, so that paging is always tried
    token = str(start + 3) if len(found) > start + 3 else ""
    staged = [] if start else [_staged(app, name) for name in sorted(app.config.draft)]
    return p.ListVarsResponse(
        vars=found[start : start + 3],
        next_page_token=token,
        version=app.version,
        staged=staged,
        etag=app.etag,
        groups=() if start or request.HasField("version") else groups.of_app(platform, app),
    )


def _staged(app: App, name: str) -> p.StagedVar:
    return p.StagedVar(value=app.config.draft[name].value or "", **app.config.shown(name))


def refuse_stale(app: App, request: Any) -> None:
    if request.etag and request.etag != app.etag:
        raise Fault(10, "The app was changed by someone else in between. Look at it again and repeat.")


def set_vars(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    refuse_stale(app, request)
    for item in request.vars:
        if item.name in app.managed:
            raise Fault(9, f"{item.name} is managed by the add-on db.", reason="NAME_IS_MANAGED")
        if item.name in app.secrets:
            raise Fault(9, f"{item.name} is a secret.", reason="NAME_IS_SECRET")
    new = {item.name: item.value for item in request.vars}
    groups.refuse_collision(platform, request.app, new)
    return p.SetVarsResponse(change=platform.change(request, app.config, new, gone=[], verb="Set"))


def unset_vars(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    refuse_stale(app, request)
    gone = platform.gone(request.names, app.vars, ignore_missing=request.ignore_missing)
    groups.refuse_used(platform, request.app, gone)
    return p.UnsetVarsResponse(change=platform.change(request, app.config, {}, gone=gone, verb="Unset"))


def list_apps(platform: Platform, _: Any) -> Any:
    return p.ListAppsResponse(
        apps=[shown(platform, name) for name, app in sorted(platform.apps.items()) if not app.is_group]
    )


def get_app(platform: Platform, request: Any) -> Any:
    spec = an_app(platform, request.app).staged_spec
    answer = p.GetAppResponse(app=shown(platform, request.app))
    if spec is not None:
        answer.staged_spec.CopyFrom(p.StagedSpec(spec=spec, staged_by="user:bob@example.com", staged_at=STAGED_AT))
    return answer


def discard_staged(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    had_spec = request.spec and app.staged_spec is not None
    if had_spec:
        app.staged_spec = None
    return p.DiscardStagedResponse(changes=app.config.discard(request.names), spec=had_spec)


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {
        "ListApps": list_apps,
        "GetApp": get_app,
        "CreateApp": create_app,
        "UpdateApp": update_app,
        "DestroyApp": destroy_app,
        "ListVars": list_vars,
        "SetVars": set_vars,
        "UnsetVars": unset_vars,
        "DiscardStaged": discard_staged,
    }
    platform.serve(p.DESCRIPTOR.services_by_name["ConfigService"], handlers)
