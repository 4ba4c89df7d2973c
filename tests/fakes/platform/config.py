"""Apps and config vars."""

from typing import Any

from paas.config.v1 import config_pb2 as p

from tests.fakes.gateway import Fault
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


def update_app(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    if app.spec == request.spec:
        return p.UpdateAppResponse(change=p.Change(release_status=p.RELEASE_STATUS_NONE))
    app.spec.CopyFrom(request.spec)
    number = platform.release(request.app, "Updated").number
    change = p.Change(change_id=request.request_id, release_status=p.RELEASE_STATUS_QUEUED, release=number)
    return p.UpdateAppResponse(app=shown(platform, request.app), change=change)


def destroy_app(platform: Platform, request: Any) -> Any:
    platform.app(request.app)
    del platform.apps[request.app]
    return p.DestroyAppResponse()


def list_vars(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    found = [p.Var(name=n, value=v, kind=p.VAR_KIND_CONFIG) for n, v in app.vars.items()]
    found += [p.Var(name=n, value=v, kind=p.VAR_KIND_MANAGED, addon="db") for n, v in app.managed.items()]
    start = int(request.page_token or 0)  # small pages, so that paging is always tried
    token = str(start + 3) if len(found) > start + 3 else ""
    return p.ListVarsResponse(vars=found[start : start + 3], next_page_token=token, version=app.version)


def set_vars(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    for item in request.vars:
        if item.name in app.managed:
            raise Fault(9, f"{item.name} is managed by the add-on db.", reason="NAME_IS_MANAGED")
    new = {item.name: item.value for item in request.vars}
    return p.SetVarsResponse(change=platform.change(request, app.vars, new, gone=[], verb="Set"))


def unset_vars(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    gone = platform.gone(request.names, app.vars, ignore_missing=request.ignore_missing)
    return p.UnsetVarsResponse(change=platform.change(request, app.vars, {}, gone=gone, verb="Unset"))


def list_apps(platform: Platform, _: Any) -> Any:
    return p.ListAppsResponse(apps=[shown(platform, name) for name in sorted(platform.apps)])


def get_app(platform: Platform, request: Any) -> Any:
    return p.GetAppResponse(app=shown(platform, request.app))


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
    }
    platform.serve(p.DESCRIPTOR.services_by_name["ConfigService"], handlers)
