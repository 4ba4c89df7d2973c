"""Between protos and the domain, for what users call: one short method per RPC."""

from datetime import timedelta
from typing import Any

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.access import current_caller, current_user
from paaskit.audit import actor_of
from paaskit.changes import Mutation, change_to
from paaskit.errors import FieldViolation, InvalidInput
from paaskit.paging import Pages, page_size
from paaskit.redact import Plaintext
from services.secrets.domain import Vault
from services.secrets.names import Names
from services.secrets.plan import Entry
from services.secrets.random_value import DEFAULT_LENGTH, RandomFormat, RandomValue
from services.secrets.reveal import Revealer
from services.secrets.store import Store

_PAGE = 500
_FORMATS = {
    secrets_pb2.RANDOM_FORMAT_UNSPECIFIED: RandomFormat.BASE64,
    secrets_pb2.RANDOM_FORMAT_BASE64: RandomFormat.BASE64,
    secrets_pb2.RANDOM_FORMAT_HEX: RandomFormat.HEX,
    secrets_pb2.RANDOM_FORMAT_ALNUM: RandomFormat.ALNUM,
}


class SecretsServicer(secrets_pb2_grpc.SecretsServiceServicer):
    """What users call."""

    def __init__(self, vault: Vault, revealer: Revealer, store: Store, names: Names, pages: Pages) -> None:
        self._vault = vault
        self._revealer = revealer
        self._store = store
        self._names = names
        self._pages = pages

    async def ListSecrets(
        self, request: secrets_pb2.ListSecretsRequest, context: Any
    ) -> secrets_pb2.ListSecretsResponse:
        """List the names of an app's secrets."""
        tenant, limit = current_user().tenant, page_size(request.page_size, default=_PAGE, most=_PAGE)
        (after,) = self._pages.open("ListSecrets", tenant, request.page_token, int) or (-1,)
        listed = await self._store.listed(tenant, request.app, after=after, limit=limit + 1)
        if listed is None:
            await self._names.resolve(tenant, request.app)
            return secrets_pb2.ListSecretsResponse()
        version, entries = listed
        return secrets_pb2.ListSecretsResponse(
            secrets=[_secret_to(entry) for entry in entries[:limit]],
            next_page_token=(
                self._pages.seal("ListSecrets", tenant, entries[limit - 1].position) if len(entries) > limit else ""
            ),
            version=version,
        )

    async def SetSecrets(self, request: secrets_pb2.SetSecretsRequest, context: Any) -> secrets_pb2.SetSecretsResponse:
        """Set secrets."""
        wanted = [(each.name, Plaintext(each.value)) for each in request.secrets]
        change = await self._vault.set_secrets(actor_of(current_caller()), _mutation(request), wanted)
        return secrets_pb2.SetSecretsResponse(change=change_to(change))

    async def RevealSecret(
        self, request: secrets_pb2.RevealSecretRequest, context: Any
    ) -> secrets_pb2.RevealSecretResponse:
        """Read one value."""
        plaintext = await self._revealer.reveal(actor_of(current_caller()), app=request.app, name=request.name)
        return secrets_pb2.RevealSecretResponse(value=plaintext.reveal())

    async def RotateSecret(
        self, request: secrets_pb2.RotateSecretRequest, context: Any
    ) -> secrets_pb2.RotateSecretResponse:
        """Give an existing secret a new value."""
        change = await self._vault.rotate(
            actor_of(current_caller()),
            _mutation(request),
            name=request.name,
            source=_source_from(request),
            overlap=timedelta(seconds=request.overlap.seconds),
        )
        return secrets_pb2.RotateSecretResponse(change=change_to(change))

    async def UnsetSecrets(
        self, request: secrets_pb2.UnsetSecretsRequest, context: Any
    ) -> secrets_pb2.UnsetSecretsResponse:
        """Unset secrets."""
        change = await self._vault.unset(
            actor_of(current_caller()), _mutation(request), request.names, ignore_missing=request.ignore_missing
        )
        return secrets_pb2.UnsetSecretsResponse(change=change_to(change))


def _mutation(
    request: secrets_pb2.SetSecretsRequest | secrets_pb2.UnsetSecretsRequest | secrets_pb2.RotateSecretRequest,
) -> Mutation:
    return Mutation(
        request_id=request.request_id,
        app=request.app,
        stage=request.stage,
        validate_only=not isinstance(request, secrets_pb2.RotateSecretRequest) and request.validate_only,
    )


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
