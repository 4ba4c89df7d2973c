"""Between protos and the rules, for what users call: one short method per RPC."""

from datetime import timedelta
from typing import Any

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.access import app_ref, current_caller, require
from paaskit.audit import actor_of
from paaskit.changes import Mutation, action_to, change_to, name_changes_to
from paaskit.errors import FieldViolation, InvalidInput
from paaskit.paging import Pages, page_size
from paaskit.redact import Plaintext
from services.secrets.listing import Listing
from services.secrets.reveal import Revealer
from services.secrets.rules.draft import StagedChange
from services.secrets.rules.random_value import DEFAULT_LENGTH, RandomFormat, RandomValue
from services.secrets.rules.stored import Entry
from services.secrets.vault import Vault

_PAGE = 500
_FORMATS = {
    secrets_pb2.RANDOM_FORMAT_UNSPECIFIED: RandomFormat.BASE64,
    secrets_pb2.RANDOM_FORMAT_BASE64: RandomFormat.BASE64,
    secrets_pb2.RANDOM_FORMAT_HEX: RandomFormat.HEX,
    secrets_pb2.RANDOM_FORMAT_ALNUM: RandomFormat.ALNUM,
}


class SecretsServicer(secrets_pb2_grpc.SecretsServiceServicer):
    """What users call."""

    def __init__(self, vault: Vault, revealer: Revealer, listing: Listing, pages: Pages) -> None:
        self._vault = vault
        self._revealer = revealer
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
            secrets=[_secret_to(entry) for entry in page.entries],
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
        change = await self._vault.set_secrets(actor_of(current_caller()), order, wanted)
        return secrets_pb2.SetSecretsResponse(change=change_to(change))

    async def RevealSecret(
        self, request: secrets_pb2.RevealSecretRequest, context: Any
    ) -> secrets_pb2.RevealSecretResponse:
        """Read one value."""
        revealed = await self._revealer.reveal(
            actor_of(current_caller()), app=app_ref(request.app), names=[request.name], field="name"
        )
        (plaintext,) = revealed.values
        return secrets_pb2.RevealSecretResponse(value=plaintext.reveal(), audit_event_id=revealed.event_id)

    async def RevealSecrets(
        self, request: secrets_pb2.RevealSecretsRequest, context: Any
    ) -> secrets_pb2.RevealSecretsResponse:
        """Read several values, all or none."""
        names = list(request.names)
        revealed = await self._revealer.reveal(
            actor_of(current_caller()), app=app_ref(request.app), names=names, field="names"
        )
        return secrets_pb2.RevealSecretsResponse(
            secrets=[
                secrets_pb2.RevealedSecret(name=name, value=plaintext.reveal())
                for name, plaintext in zip(names, revealed.values, strict=True)
            ],
            audit_event_id=revealed.event_id,
        )

    async def RotateSecret(
        self, request: secrets_pb2.RotateSecretRequest, context: Any
    ) -> secrets_pb2.RotateSecretResponse:
        """Give an existing secret a new value."""
        change = await self._vault.rotate(
            actor_of(current_caller()),
            _mutation(request, stage=request.stage),
            name=request.name,
            source=_source_from(request),
            overlap=timedelta(seconds=request.overlap.seconds),
        )
        return secrets_pb2.RotateSecretResponse(change=change_to(change))

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


def staged_to(change: StagedChange) -> secrets_pb2.StagedSecret:
    """Return the proto of a staged change."""
    message = secrets_pb2.StagedSecret(
        name=change.name,
        action=action_to(change.action),
        staged_by=change.staged_by,
        replaces_newer=change.replaces_newer,
    )
    message.staged_at.FromDatetime(change.staged_at)
    return message


def _mutation(request: Any, *, stage: bool = False, validate_only: bool = False) -> Mutation:
    return Mutation(request_id=request.request_id, app=app_ref(request.app), stage=stage, validate_only=validate_only)


def _source_from(request: secrets_pb2.RotateSecretRequest) -> RandomValue | Plaintext:
    match request.WhichOneof("source"):
        case "value":
            return Plaintext(request.value)
        case "random":
            return RandomValue(
                length=request.random.length or DEFAULT_LENGTH,
                format=_FORMATS.get(request.random.format, RandomFormat.BASE64),
            )
        case _:
            raise InvalidInput(
                "Say where the new value comes from: random or given.", fields=[FieldViolation("source", "is required")]
            )


def _secret_to(entry: Entry) -> secrets_pb2.Secret:
    message = secrets_pb2.Secret(name=entry.name, version=entry.version)
    message.updated_at.FromDatetime(entry.created_at)
    if entry.previous_until is not None:
        message.previous_until.FromDatetime(entry.previous_until)
    return message
