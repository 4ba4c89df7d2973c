"""Between protos and the rules, for what users call: one short method per RPC."""

from datetime import timedelta
from typing import Any

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.access import app_ref, current_caller, current_user, require
from paaskit.audit import actor_of
from paaskit.changes import Mutation, change_to, name_changes_to
from paaskit.paging import Pages, page_size
from paaskit.redact import Plaintext
from services.secrets.environment import Environments
from services.secrets.listing import Listing
from services.secrets.messages import (
    asked_from,
    due_kind_from,
    due_to,
    duration_to,
    place_from,
    place_to,
    secret_to,
    source_from,
    staged_to,
    timestamp_to,
)
from services.secrets.reveal import Revealer
from services.secrets.upkeep.due import DueLists
from services.secrets.upkeep.terms import TermsOfSecrets
from services.secrets.vault import Vault

_PAGE = 500


class SecretsServicer(secrets_pb2_grpc.SecretsServiceServicer):
    """What users call."""

    def __init__(
        self,
        vault: Vault,
        revealer: Revealer,
        environments: Environments,
        listing: Listing,
        pages: Pages,
        *,
        terms: TermsOfSecrets,
        due: DueLists,
    ) -> None:
        self._terms = terms
        self._due = due
        self._vault = vault
        self._revealer = revealer
        self._environments = environments
        self._listing = listing
        self._pages = pages

    async def ListSecrets(
        self, request: secrets_pb2.ListSecretsRequest, context: Any
    ) -> secrets_pb2.ListSecretsResponse:
        """List the names of an app's secrets."""
        limit = page_size(request.page_size, default=_PAGE, most=_PAGE)
        ref = app_ref(request.app)
        (after,) = self._pages.open("ListSecrets", ref.tenant, request.page_token, int) or (None,)
        page = await self._listing.page(ref, after=after, limit=limit)
        return secrets_pb2.ListSecretsResponse(
            secrets=[secret_to(entry) for entry in page.entries],
            next_page_token=(
                "" if page.next_after is None else self._pages.seal("ListSecrets", ref.tenant, page.next_after)
            ),
            version=page.version,
            staged=[staged_to(change) for change in page.staged],
        )

    async def SetSecrets(self, request: secrets_pb2.SetSecretsRequest, context: Any) -> secrets_pb2.SetSecretsResponse:
        """Set secrets."""
        wanted = [(each.name, Plaintext(each.value)) for each in request.secrets]
        order = _mutation(request, stage=request.stage, validate_only=request.validate_only)
        saved = await self._vault.set_secrets(actor_of(current_caller()), order, wanted, asked=asked_from(request))
        return secrets_pb2.SetSecretsResponse(
            change=change_to(saved.change), kept=saved.kept, expires_at=timestamp_to(saved.expires_at)
        )

    async def RevealSecret(
        self, request: secrets_pb2.RevealSecretRequest, context: Any
    ) -> secrets_pb2.RevealSecretResponse:
        """Read one value."""
        revealed = await self._revealer.reveal(
            actor_of(current_caller()),
            app=app_ref(request.app),
            names=[request.name],
            field="name",
            reason=request.reason,
        )
        (plaintext,) = revealed.values
        return secrets_pb2.RevealSecretResponse(value=plaintext.reveal(), audit_event_id=revealed.event_id)

    async def RevealSecrets(
        self, request: secrets_pb2.RevealSecretsRequest, context: Any
    ) -> secrets_pb2.RevealSecretsResponse:
        """Read several values, all or none."""
        names = list(request.names)
        revealed = await self._revealer.reveal(
            actor_of(current_caller()),
            app=app_ref(request.app),
            names=names,
            field="names",
            reason=request.reason,
        )
        return secrets_pb2.RevealSecretsResponse(
            secrets=[
                secrets_pb2.RevealedSecret(name=name, value=plaintext.reveal())
                for name, plaintext in zip(names, revealed.values, strict=True)
            ],
            audit_event_id=revealed.event_id,
        )

    async def RevealEnvironment(
        self, request: secrets_pb2.RevealEnvironmentRequest, context: Any
    ) -> secrets_pb2.RevealEnvironmentResponse:
        """Open what an app's programs are given."""
        revealed = await self._environments.reveal(
            actor_of(current_caller()), app=app_ref(request.app), names=list(request.names)
        )
        return secrets_pb2.RevealEnvironmentResponse(
            values=[
                secrets_pb2.EnvironmentValue(name=each.name, value=each.plaintext.reveal(), managed=each.is_managed)
                for each in revealed.values
            ],
            version=revealed.version,
            audit_event_id=revealed.event_id,
        )

    async def RotateSecret(
        self, request: secrets_pb2.RotateSecretRequest, context: Any
    ) -> secrets_pb2.RotateSecretResponse:
        """Give an existing secret a new value."""
        saved = await self._vault.rotate(
            actor_of(current_caller()),
            _mutation(request, stage=request.stage),
            name=request.name,
            source=source_from(request),
            overlap=timedelta(seconds=request.overlap.seconds),
            asked=asked_from(request),
        )
        return secrets_pb2.RotateSecretResponse(
            change=change_to(saved.change), expires_at=timestamp_to(saved.expires_at), span=duration_to(saved.span)
        )

    async def UnsetSecrets(
        self, request: secrets_pb2.UnsetSecretsRequest, context: Any
    ) -> secrets_pb2.UnsetSecretsResponse:
        """Unset secrets."""
        order = _mutation(request, stage=request.stage, validate_only=request.validate_only)
        change = await self._vault.unset(
            actor_of(current_caller()), order, request.names, ignore_missing=request.ignore_missing
        )
        return secrets_pb2.UnsetSecretsResponse(change=change_to(change))

    async def DiscardStaged(
        self, request: secrets_pb2.DiscardStagedRequest, context: Any
    ) -> secrets_pb2.DiscardStagedResponse:
        """Drop staged changes."""
        if not request.names:  # the answer names all that was staged
            require("secrets.list")
        changes = await self._vault.discard(actor_of(current_caller()), _mutation(request), request.names)
        return secrets_pb2.DiscardStagedResponse(changes=name_changes_to(changes))

    async def ExpireSecret(
        self, request: secrets_pb2.ExpireSecretRequest, context: Any
    ) -> secrets_pb2.ExpireSecretResponse:
        """Give a value another end."""
        agreed = await self._terms.expire(
            actor_of(current_caller()), _mutation(request), name=request.name, asked=asked_from(request)
        )
        return secrets_pb2.ExpireSecretResponse(
            changed=agreed.changed,
            expires_at=timestamp_to(agreed.expires_at),
            rotate_every=duration_to(agreed.rotate_every),
        )

    async def ListDueSecrets(
        self, request: secrets_pb2.ListDueSecretsRequest, context: Any
    ) -> secrets_pb2.ListDueSecretsResponse:
        """List what is due over all apps."""
        user, kind, within = current_user(), due_kind_from(request), timedelta(seconds=request.within.seconds)
        method = f"ListDueSecrets {kind.value} {within}"
        limit = page_size(request.page_size, default=_PAGE, most=_PAGE)
        after = place_from(self._pages.open(method, user.tenant, request.page_token, str, str, str))
        page = await self._due.page(user.tenant, kind, within=within, after=after, limit=limit, app_ids=user.app_ids)
        return secrets_pb2.ListDueSecretsResponse(
            secrets=[due_to(each) for each in page.secrets],
            next_page_token=self._pages.seal(method, user.tenant, *place_to(page)) if page.more else "",
            delivered_since=timestamp_to(page.delivered_since),
        )


def _mutation(request: Any, *, stage: bool = False, validate_only: bool = False) -> Mutation:
    return Mutation(request_id=request.request_id, app=app_ref(request.app), stage=stage, validate_only=validate_only)
