"""Between protos and the domain, for what users call: one short method per RPC."""

from collections.abc import Sequence
from typing import Any

from paas.config.v1 import config_pb2, config_pb2_grpc

from paaskit.access import app_ref, current_caller, current_user, require
from paaskit.audit import actor_of
from paaskit.changes import Mutation, change_to, name_changes_to
from paaskit.paging import Pages, page_size
from services.config.domain import ById, Kind
from services.config.messages import app_to, given_to, spec_from, staged_spec_of, staged_to, var_to
from services.config.rules.apps import Apps
from services.config.rules.drafts import Staged
from services.config.rules.groups import Given, Groups
from services.config.rules.staged import Drafts
from services.config.rules.vars import Vars
from services.config.store.lists import FIRST_PLACE, Lists, VarsPage

_PAGE = 500


class ConfigServicer(config_pb2_grpc.ConfigServiceServicer):
    """What users call."""

    def __init__(
        self, *, config_vars: Vars, apps: Apps, drafts: Drafts, groups: Groups, lists: Lists, pages: Pages
    ) -> None:
        self._vars = config_vars
        self._groups = groups
        self._apps = apps
        self._drafts = drafts
        self._lists = lists
        self._pages = pages

    async def CreateApp(self, request: config_pb2.CreateAppRequest, context: Any) -> config_pb2.CreateAppResponse:
        """Register an app."""
        app, change = await self._apps.create(
            actor_of(current_caller()),
            app_ref(request.app),
            request_id=request.request_id,
            spec=spec_from(request.spec),
        )
        return config_pb2.CreateAppResponse(app=app_to(app), change=change_to(change))

    async def UpdateApp(self, request: config_pb2.UpdateAppRequest, context: Any) -> config_pb2.UpdateAppResponse:
        """Change what an app runs."""
        app, change = await self._apps.update(actor_of(current_caller()), _mutation(request), spec_from(request.spec))
        return config_pb2.UpdateAppResponse(app=app_to(app), change=change_to(change))

    async def GetApp(self, request: config_pb2.GetAppRequest, context: Any) -> config_pb2.GetAppResponse:
        """Read one app."""
        shown = await self._apps.get(app_ref(request.app))
        return config_pb2.GetAppResponse(app=app_to(shown), staged_spec=staged_spec_of(shown))

    async def ListApps(self, request: config_pb2.ListAppsRequest, context: Any) -> config_pb2.ListAppsResponse:
        """List the tenant's apps by name."""
        user = current_user()
        limit = page_size(request.page_size, default=_PAGE, most=_PAGE)
        (after,) = self._pages.open("ListApps", user.tenant, request.page_token, str) or ("",)
        apps, more = await self._apps.page(user.tenant, after=after, limit=limit, ids=user.app_ids)
        return config_pb2.ListAppsResponse(
            apps=[app_to(app) for app in apps],
            next_page_token=self._pages.seal("ListApps", user.tenant, more) if more else "",
        )

    async def DestroyApp(self, request: config_pb2.DestroyAppRequest, context: Any) -> config_pb2.DestroyAppResponse:
        """Destroy an app."""
        await self._apps.destroy(actor_of(current_caller()), app_ref(request.app), request_id=request.request_id)
        return config_pb2.DestroyAppResponse()

    async def ListVars(self, request: config_pb2.ListVarsRequest, context: Any) -> config_pb2.ListVarsResponse:
        """List config vars, managed ones last, what is staged, and what comes from groups."""
        limit = page_size(request.page_size, default=_PAGE, most=_PAGE)
        ref = app_ref(request.app)
        after = self._pages.open("ListVars", ref.tenant, request.page_token, bool, int)
        version = request.version if request.HasField("version") else None
        place = (after[0], after[1]) if after else FIRST_PLACE
        page = await self._lists.vars(ref, after=place, limit=limit + 1, version=version)
        staged, given = await self._beside(ref.tenant, page) if not after and version is None else ([], [])
        last = page.entries[limit - 1] if len(page.entries) > limit else None
        return config_pb2.ListVarsResponse(
            vars=[var_to(entry) for entry in page.entries[:limit]],
            next_page_token=(
                self._pages.seal("ListVars", ref.tenant, last.kind is Kind.MANAGED, last.position) if last else ""
            ),
            version=page.version if version is None else version,
            etag=page.etag,
            staged=staged_to(staged),
            groups=given_to(given),
        )

    async def _beside(self, tenant: str, page: VarsPage) -> tuple[Sequence[Staged], Sequence[Given]]:
        """Return what is staged and what comes from groups: neither is asked for where there is none."""
        staged = await self._drafts.list(tenant, page.app_id) if page.draft_revision else []
        given = await self._groups.given(ById(tenant=tenant, app_id=page.app_id)) if page.has_groups else []
        return staged, given

    async def SetVars(self, request: config_pb2.SetVarsRequest, context: Any) -> config_pb2.SetVarsResponse:
        """Set config vars."""
        wanted = [(each.name, each.value) for each in request.vars]
        change = await self._vars.set(actor_of(current_caller()), _mutation(request), wanted)
        return config_pb2.SetVarsResponse(change=change_to(change))

    async def UnsetVars(self, request: config_pb2.UnsetVarsRequest, context: Any) -> config_pb2.UnsetVarsResponse:
        """Unset config vars."""
        change = await self._vars.unset(
            actor_of(current_caller()),
            _mutation(request),
            list(request.names),
            ignore_missing=request.ignore_missing,
        )
        return config_pb2.UnsetVarsResponse(change=change_to(change))

    async def DiscardStaged(
        self, request: config_pb2.DiscardStagedRequest, context: Any
    ) -> config_pb2.DiscardStagedResponse:
        """Drop what is staged."""
        if request.spec:
            require("apps.write")
        if not request.names:  # the answer names all that was staged
            require("config.read")
        changes, spec = await self._drafts.discard(
            actor_of(current_caller()),
            app_ref(request.app),
            list(request.names),
            spec=request.spec,
            request_id=request.request_id,
        )
        return config_pb2.DiscardStagedResponse(changes=name_changes_to(changes), spec=spec)


def _mutation(
    request: config_pb2.SetVarsRequest | config_pb2.UnsetVarsRequest | config_pb2.UpdateAppRequest,
) -> Mutation:
    return Mutation(
        request_id=request.request_id,
        app=app_ref(request.app),
        stage=request.stage,
        validate_only=not isinstance(request, config_pb2.UpdateAppRequest) and request.validate_only,
        etag=request.etag,
    )
