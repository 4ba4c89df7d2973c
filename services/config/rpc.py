"""Between protos and the domain, for what users call: one short method per RPC."""

from typing import Any

from paas.config.v1 import config_pb2, config_pb2_grpc

from paaskit.access import current_caller, current_user
from paaskit.audit import actor_of
from paaskit.changes import Mutation, change_to
from paaskit.paging import Pages, page_size
from services.config.apps import Apps
from services.config.domain import App, Registry
from services.config.plan import AppSpec, Entry, Kind
from services.config.store import FIRST_POSITION, Store

_PAGE = 500
_KINDS = {Kind.CONFIG: config_pb2.VAR_KIND_CONFIG, Kind.MANAGED: config_pb2.VAR_KIND_MANAGED}


class ConfigServicer(config_pb2_grpc.ConfigServiceServicer):
    """What users call."""

    def __init__(self, registry: Registry, apps: Apps, store: Store, pages: Pages) -> None:
        self._registry = registry
        self._apps = apps
        self._store = store
        self._pages = pages

    async def CreateApp(self, request: config_pb2.CreateAppRequest, context: Any) -> config_pb2.CreateAppResponse:
        """Register an app."""
        app, change = await self._apps.create(
            actor_of(current_caller()), request_id=request.request_id, name=request.app, spec=spec_from(request.spec)
        )
        return config_pb2.CreateAppResponse(app=app_to(app), change=change_to(change))

    async def UpdateApp(self, request: config_pb2.UpdateAppRequest, context: Any) -> config_pb2.UpdateAppResponse:
        """Change what an app runs."""
        app, change = await self._apps.update(actor_of(current_caller()), _mutation(request), spec_from(request.spec))
        return config_pb2.UpdateAppResponse(app=app_to(app), change=change_to(change))

    async def GetApp(self, request: config_pb2.GetAppRequest, context: Any) -> config_pb2.GetAppResponse:
        """Read one app."""
        return config_pb2.GetAppResponse(app=app_to(await self._apps.get(current_user().tenant, request.app)))

    async def ListApps(self, request: config_pb2.ListAppsRequest, context: Any) -> config_pb2.ListAppsResponse:
        """List the tenant's apps by name."""
        user = current_user()
        limit = page_size(request.page_size, default=_PAGE, most=_PAGE)
        (after,) = self._pages.open("ListApps", user.tenant, request.page_token, str) or ("",)
        apps, more = await self._apps.page(user.tenant, after=after, limit=limit, apps=user.apps)
        return config_pb2.ListAppsResponse(
            apps=[app_to(app) for app in apps],
            next_page_token=self._pages.seal("ListApps", user.tenant, more) if more else "",
        )

    async def DestroyApp(self, request: config_pb2.DestroyAppRequest, context: Any) -> config_pb2.DestroyAppResponse:
        """Destroy an app."""
        await self._apps.destroy(actor_of(current_caller()), request_id=request.request_id, name=request.app)
        return config_pb2.DestroyAppResponse()

    async def ListVars(self, request: config_pb2.ListVarsRequest, context: Any) -> config_pb2.ListVarsResponse:
        """List config vars, managed ones last."""
        tenant, limit = current_user().tenant, page_size(request.page_size, default=_PAGE, most=_PAGE)
        after = self._pages.open("ListVars", tenant, request.page_token, bool, int) or FIRST_POSITION
        version, entries = await self._store.listed(tenant, request.app, after=(after[0], after[1]), limit=limit + 1)
        last = entries[limit - 1] if len(entries) > limit else None
        return config_pb2.ListVarsResponse(
            vars=[_var_to(entry) for entry in entries[:limit]],
            next_page_token=(
                self._pages.seal("ListVars", tenant, last.kind is Kind.MANAGED, last.position) if last else ""
            ),
            version=version,
            etag=str(version),
        )

    async def SetVars(self, request: config_pb2.SetVarsRequest, context: Any) -> config_pb2.SetVarsResponse:
        """Set config vars."""
        wanted = [(each.name, each.value) for each in request.vars]
        change = await self._registry.set_vars(actor_of(current_caller()), _mutation(request), wanted)
        return config_pb2.SetVarsResponse(change=change_to(change))

    async def UnsetVars(self, request: config_pb2.UnsetVarsRequest, context: Any) -> config_pb2.UnsetVarsResponse:
        """Unset config vars."""
        change = await self._registry.unset_vars(
            actor_of(current_caller()), _mutation(request), request.names, ignore_missing=request.ignore_missing
        )
        return config_pb2.UnsetVarsResponse(change=change_to(change))


def _mutation(
    request: config_pb2.SetVarsRequest | config_pb2.UnsetVarsRequest | config_pb2.UpdateAppRequest,
) -> Mutation:
    return Mutation(
        request_id=request.request_id,
        app=request.app,
        stage=request.stage,
        validate_only=not isinstance(request, config_pb2.UpdateAppRequest) and request.validate_only,
        etag=request.etag,
    )


def spec_from(spec: config_pb2.AppSpec) -> AppSpec:
    """Return the domain's form of a spec."""
    return AppSpec(
        command=tuple(spec.command), image=spec.image, instances=spec.instances, health_path=spec.health_path
    )


def spec_to(spec: AppSpec) -> config_pb2.AppSpec:
    """Return the proto of a spec."""
    return config_pb2.AppSpec(
        command=spec.command, image=spec.image, instances=spec.instances, health_path=spec.health_path
    )


def app_to(app: App) -> config_pb2.App:
    """Return the proto of an app."""
    message = config_pb2.App(
        app_id=app.app_id, name=app.name, spec=spec_to(app.spec), version=app.version, etag=app.etag
    )
    message.created_at.FromDatetime(app.created_at)
    return message


def _var_to(entry: Entry) -> config_pb2.Var:
    return config_pb2.Var(name=entry.name, value=entry.value, kind=_KINDS[entry.kind], addon=entry.addon)
