"""Between protos and the rules, for what other services call: one short method per RPC."""

from typing import Any

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.access import current_caller
from paaskit.audit import actor_of
from paaskit.changes import name_changes_to
from paaskit.redact import Plaintext
from paaskit.requests import Answer
from services.secrets.drafts import DraftRelease, Drafts
from services.secrets.for_release import ForRelease
from services.secrets.managed import Attachment, Managed
from services.secrets.messages import staged_to
from services.secrets.revert import Restore, Revert, Reverts
from services.secrets.rules.draft import released_in
from services.secrets.rules.stored import App
from services.secrets.store import Store


class SecretsInternalServicer(secrets_pb2_grpc.SecretsInternalServiceServicer):
    """What other services call."""

    def __init__(
        self, store: Store, *, for_release: ForRelease, reverts: Reverts, drafts: Drafts, managed: Managed
    ) -> None:
        self._store = store
        self._for_release = for_release
        self._reverts = reverts
        self._drafts = drafts
        self._managed = managed

    async def ResolveForRelease(
        self, request: secrets_pb2.ResolveForReleaseRequest, context: Any
    ) -> secrets_pb2.ResolveForReleaseResponse:
        """Open the values a release injects."""
        values = await self._for_release.resolve(
            actor_of(current_caller(), tenant=request.tenant),
            app_id=request.app_id,
            version=request.version,
            names=request.names,
            release=request.release,
            with_ended=request.with_ended,
        )
        return secrets_pb2.ResolveForReleaseResponse(
            values=[secrets_pb2.SealedValue(name=name, value=plaintext.reveal()) for name, plaintext in values]
        )

    async def RestoreVersion(
        self, request: secrets_pb2.RestoreVersionRequest, context: Any
    ) -> secrets_pb2.RestoreVersionResponse:
        """Make an old version current again."""
        actor = actor_of(current_caller(), tenant=request.tenant, on_behalf_of=request.actor)
        order = Restore(
            app_id=request.app_id,
            version=request.version,
            request_id=request.request_id,
            change_id=request.change_id,
            description=request.description,
        )
        went = await (
            self._reverts.preview(actor.tenant, order) if request.validate_only else self._reverts.restore(actor, order)
        )
        return secrets_pb2.RestoreVersionResponse(
            version=went.version, changes=name_changes_to(went.changes), taken=went.taken
        )

    async def RevertChanges(
        self, request: secrets_pb2.RevertChangesRequest, context: Any
    ) -> secrets_pb2.RevertChangesResponse:
        """Take back what changed between two versions."""
        went = await self._reverts.revert(
            actor_of(current_caller(), tenant=request.tenant, on_behalf_of=request.actor),
            Revert(
                app_id=request.app_id,
                from_version=request.from_version,
                to_version=request.to_version,
                request_id=request.request_id,
            ),
        )
        return secrets_pb2.RevertChangesResponse(
            version=went.version, changes=name_changes_to(went.changes), taken=went.taken
        )

    async def GetDraft(self, request: secrets_pb2.GetDraftRequest, context: Any) -> secrets_pb2.GetDraftResponse:
        """Read what is staged."""
        revision, staged = await self._drafts.get(request.tenant, request.app_id)
        return secrets_pb2.GetDraftResponse(revision=revision, secrets=[staged_to(change) for change in staged])

    async def ReleaseDraft(
        self, request: secrets_pb2.ReleaseDraftRequest, context: Any
    ) -> secrets_pb2.ReleaseDraftResponse:
        """Make what is staged live."""
        order = DraftRelease(
            app_id=request.app_id,
            request_id=request.request_id,
            change_id=request.change_id,
            revision=request.revision,
            replace_newer=request.replace_newer,
            description=request.description,
        )
        actor = actor_of(current_caller(), tenant=request.tenant, on_behalf_of=request.actor)
        return _went_live(await self._drafts.release(actor, order))

    async def StoreManagedValue(
        self, request: secrets_pb2.StoreManagedValueRequest, context: Any
    ) -> secrets_pb2.StoreManagedValueResponse:
        """Seal the value of a managed variable."""
        changed, version = await self._managed.store(
            request.tenant,
            App(app_id=request.app_id, name=request.app),
            Attachment(name=request.name, value=Plaintext(request.value), attachment_id=request.attachment_id),
        )
        return secrets_pb2.StoreManagedValueResponse(changed=changed, version=version)

    async def DeleteManagedValue(
        self, request: secrets_pb2.DeleteManagedValueRequest, context: Any
    ) -> secrets_pb2.DeleteManagedValueResponse:
        """Drop the value of a managed variable."""
        await self._managed.delete(
            request.tenant, app_id=request.app_id, name=request.name, attachment_id=request.attachment_id
        )
        return secrets_pb2.DeleteManagedValueResponse()

    async def PurgeApp(self, request: secrets_pb2.PurgeAppRequest, context: Any) -> secrets_pb2.PurgeAppResponse:
        """Delete every sealed value of a destroyed app."""
        await self._store.purge(request.tenant, request.app_id)
        return secrets_pb2.PurgeAppResponse()


def _went_live(answer: Answer) -> secrets_pb2.ReleaseDraftResponse:
    released = released_in(answer)
    return secrets_pb2.ReleaseDraftResponse(
        version=answer["version"] if released else None,
        secrets=[staged_to(change) for change in released],
        config_version=answer.get("config_version"),
        used_up=answer.get("used_up", len(released)),  # an answer of an earlier day has no count
    )
