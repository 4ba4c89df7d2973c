"""Between protos and the domain, for what other services call: one short method per RPC."""

from typing import Any

from paas.config.v1 import config_pb2, config_pb2_grpc

from paaskit.access import app_ref, current_caller
from paaskit.audit import Actor, actor_of
from paaskit.changes import Mutation, change_to, name_changes_to
from paaskit.redact import Plaintext
from services.config.domain import ById, Kind, Needs
from services.config.messages import (
    gone_spec_to,
    gone_to,
    release_from,
    restore_from,
    spec_to,
    staged_spec_to,
    staged_to,
)
from services.config.rules.addons import Addons
from services.config.rules.groups import Groups
from services.config.rules.managed import Managed
from services.config.rules.names import Claim, Held, Names
from services.config.rules.restore import History, Revert
from services.config.rules.staged import Drafts
from services.config.store.changes import Store
from services.config.store.lists import Lists


class ConfigInternalServicer(config_pb2_grpc.ConfigInternalServiceServicer):
    """What other services call."""

    def __init__(
        self,
        *,
        names: Names,
        history: History,
        drafts: Drafts,
        addons: Addons,
        groups: Groups,
        lists: Lists,
        store: Store,
    ) -> None:
        self._names = names
        self._groups = groups
        self._history = history
        self._drafts = drafts
        self._addons = addons
        self._lists = lists
        self._store = store

    async def ResolveApp(self, request: config_pb2.ResolveAppRequest, context: Any) -> config_pb2.ResolveAppResponse:
        """Turn an app's name into its id."""
        shown = await self._lists.app(app_ref(request.app, tenant=request.tenant))
        return config_pb2.ResolveAppResponse(app_id=shown.app.app_id)

    async def ClaimNames(self, request: config_pb2.ClaimNamesRequest, context: Any) -> config_pb2.ClaimNamesResponse:
        """Claim names for secrets."""
        claimed = await self._names.claim(
            _where(request),
            [Claim(claim.name, claim.size) for claim in request.claims],
            claim_id=request.claim_id,
            skip_taken=request.skip_taken,
            leaving=request.leaving,
            validate_only=request.validate_only,
        )
        version = None if request.validate_only else claimed.version
        return config_pb2.ClaimNamesResponse(version=version, taken=claimed.taken, is_group=claimed.is_group)

    async def ReleaseNames(
        self, request: config_pb2.ReleaseNamesRequest, context: Any
    ) -> config_pb2.ReleaseNamesResponse:
        """Give claims up."""
        await self._names.give_up(_where(request), [Held(each.name, each.claim_id) for each in request.names])
        return config_pb2.ReleaseNamesResponse()

    async def ListGroupUses(
        self, request: config_pb2.ListGroupUsesRequest, context: Any
    ) -> config_pb2.ListGroupUsesResponse:
        """Name the apps that a group is attached to."""
        uses = await self._groups.uses(ById(tenant=request.tenant, app_id=request.group_id))
        return config_pb2.ListGroupUsesResponse(
            apps=[config_pb2.GroupUser(app_id=use.app_id, app=use.app, own_names=use.own_names) for use in uses]
        )

    async def CheckNamesUnused(
        self, request: config_pb2.CheckNamesUnusedRequest, context: Any
    ) -> config_pb2.CheckNamesUnusedResponse:
        """Refuse names of a group that an app gets from it."""
        await self._names.check_unused(_where(request), list(request.names))
        return config_pb2.CheckNamesUnusedResponse()

    async def GetDesiredState(
        self, request: config_pb2.GetDesiredStateRequest, context: Any
    ) -> config_pb2.GetDesiredStateResponse:
        """Return what a release needs."""
        snapshot = await self._store.look(_where(request), Needs(past=(request.version,), shared=False))
        past = snapshot.at(request.version)
        groups = await self._groups.living(request.tenant, past.spec.spec.groups)
        entries = sorted(past.entries.values(), key=lambda entry: entry.position)
        return config_pb2.GetDesiredStateResponse(
            app=snapshot.app.name,
            spec=None if snapshot.app.is_group else spec_to(past.spec.spec),
            version=past.version,
            vars=[config_pb2.Assignment(name=each.name, value=each.value) for each in past.config.values()],
            sealed_names=[entry.name for entry in entries if entry.kind is not Kind.CONFIG],
            groups=[config_pb2.GroupRef(group_id=group.group_id, name=group.name) for group in groups],
            is_group=snapshot.app.is_group,
        )

    async def RestoreVersion(
        self, request: config_pb2.RestoreVersionRequest, context: Any
    ) -> config_pb2.RestoreVersionResponse:
        """Make an old version current again."""
        done = await self._history.restore(_actor(request.tenant, request.actor), restore_from(request))
        return config_pb2.RestoreVersionResponse(
            version=done.version,
            changes=name_changes_to(done.changes),
            taken=done.taken,
            spec_changed=done.spec_changed,
            gone_groups=done.gone_groups,
        )

    async def RevertChanges(
        self, request: config_pb2.RevertChangesRequest, context: Any
    ) -> config_pb2.RevertChangesResponse:
        """Take back what changed between two versions."""
        order = Revert(
            where=_where(request),
            from_version=request.from_version,
            to_version=request.to_version,
            request_id=request.request_id,
        )
        done = await self._history.revert(_actor(request.tenant, request.actor), order)
        return config_pb2.RevertChangesResponse(
            version=done.version,
            changes=name_changes_to(done.changes),
            taken=done.taken,
            spec_changed=done.spec_changed,
        )

    async def GetDraft(self, request: config_pb2.GetDraftRequest, context: Any) -> config_pb2.GetDraftResponse:
        """Read what is staged."""
        draft = await self._drafts.look(_where(request))
        return config_pb2.GetDraftResponse(
            revision=draft.revision, vars=staged_to(draft.vars), spec=staged_spec_to(draft.spec)
        )

    async def ReleaseDraft(
        self, request: config_pb2.ReleaseDraftRequest, context: Any
    ) -> config_pb2.ReleaseDraftResponse:
        """Make what is staged live."""
        done = await self._drafts.release(_actor(request.tenant, request.actor), release_from(request))
        return config_pb2.ReleaseDraftResponse(
            version=done.version, vars=gone_to(done.vars), spec=gone_spec_to(done.spec), used_up=done.used_up
        )

    async def AttachManagedVar(
        self, request: config_pb2.AttachManagedVarRequest, context: Any
    ) -> config_pb2.AttachManagedVarResponse:
        """Attach a variable that an add-on manages."""
        wanted = Managed(
            name=request.name, addon=request.addon, value=Plaintext(request.value), display=request.display
        )
        change = await self._addons.attach(_actor(request.tenant), _mutation(request), wanted)
        return config_pb2.AttachManagedVarResponse(change=change_to(change))

    async def DetachManagedVar(
        self, request: config_pb2.DetachManagedVarRequest, context: Any
    ) -> config_pb2.DetachManagedVarResponse:
        """Detach a variable that an add-on manages."""
        change = await self._addons.detach(
            _actor(request.tenant), _mutation(request), addon=request.addon, name=request.name
        )
        return config_pb2.DetachManagedVarResponse(change=change_to(change))


def _where(request: Any) -> ById:
    return ById(tenant=request.tenant, app_id=request.app_id)


def _actor(tenant: str, on_behalf_of: str = "") -> Actor:
    return actor_of(current_caller(), tenant=tenant, on_behalf_of=on_behalf_of)


def _mutation(request: config_pb2.AttachManagedVarRequest | config_pb2.DetachManagedVarRequest) -> Mutation:
    return Mutation(request_id=request.request_id, app=app_ref(request.app, tenant=request.tenant))
