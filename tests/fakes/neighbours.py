"""What config and secrets have around them, on real mTLS channels: fakes that keep what they are told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

import grpc
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from grpc_status import rpc_status
from paas.audit.v1 import audit_pb2, audit_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.access import ADMIN
from paaskit.clock import utc_now
from paaskit.errors import Refused
from paaskit.gate import encode_error
from paaskit.identity import HEADER, AppScope, Identity, StoredToken, claims_of
from paaskit.requests import request_id_reused
from tests.fixtures.serving import free_address
from tests.fixtures.tls import Certificates

Metadata = tuple[tuple[str, str], ...]


@dataclass
class Signer:
    """A signing key, and identities made with it."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def user(
        self,
        *,
        tenant: str = "acme",
        subject: str = "user:ada@example.com",
        permissions: frozenset[str] = ADMIN,
        apps: AppScope | None = None,
        token_id: str = "t1",  # noqa: S107  # an id, no token
        lifetime: timedelta = timedelta(seconds=60),
    ) -> Metadata:
        """The metadata a call of this user arrives with from the gateway, signed when it is sent, as there."""

        def signed() -> str:
            now = utc_now()
            identity = Identity(
                tenant=tenant,
                subject=subject,
                kind="user",
                permissions=permissions,
                apps=apps,
                origin=StoredToken(token_id=token_id),
                client_address="203.0.113.9",
                ends_at=now + lifetime,
                expires_at=now + lifetime,
            )
            claims = claims_of(identity, issued_at=now)
            return jwt.encode(claims, self.key, algorithm="EdDSA", headers={"kid": "k1"})

        return _Signed(((HEADER, signed()),), anew=lambda: (HEADER, signed()))


class _Signed(tuple[tuple[str, str], ...]):  # noqa: SLOT001  # it has what makes it anew
    """Metadata that is made anew for each call: an identity ends in a minute, and a test may take longer."""

    _anew: Callable[[], tuple[str, str]]

    def __new__(cls, first: Metadata, *, anew: Callable[[], tuple[str, str]]) -> Self:
        made = super().__new__(cls, first)
        made._anew = anew
        return made

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield self._anew()


class FakeTokens(tokens_pb2_grpc.TokensInternalServiceServicer):
    """Publishes one key; says of the tokens in `ended`, by tenant and id, that they have ended."""

    def __init__(self, signer: Signer) -> None:
        self.ended: set[tuple[str, str]] = set()
        self._public = signer.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    async def IssueSignIn(self, request: Any, context: Any) -> tokens_pb2.IssueSignInResponse:
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "nobody signs in here")
        raise AssertionError

    async def FindEndedTokens(self, request: Any, context: Any) -> tokens_pb2.FindEndedTokensResponse:
        ended = [key for key in request.tokens if (key.tenant, key.token_id) in self.ended]
        return tokens_pb2.FindEndedTokensResponse(ended=ended)

    async def GetSigningKeys(self, request: Any, context: Any) -> tokens_pb2.GetSigningKeysResponse:
        return tokens_pb2.GetSigningKeysResponse(keys=[tokens_pb2.SigningKey(key_id="k1", public_key=self._public)])


class FakeAudit(audit_pb2_grpc.AuditInternalServiceServicer):
    """Keeps events in the order they came."""

    def __init__(self) -> None:
        self.events: list[audit_pb2.Event] = []

    async def AppendEvents(
        self, request: audit_pb2.AppendEventsRequest, context: Any
    ) -> audit_pb2.AppendEventsResponse:
        known = {event.event_id for event in self.events}
        self.events.extend(event for event in request.events if event.event_id not in known)
        return audit_pb2.AppendEventsResponse()


class FakeReleaser(releaser_pb2_grpc.ReleaserInternalServiceServicer):
    """Numbers releases per app, once per change id."""

    def __init__(self) -> None:
        self.orders: list[releaser_pb2.ReleaseOrder] = []
        self.removed: list[str] = []
        self.down = False

    async def RequestReleases(
        self, request: releaser_pb2.RequestReleasesRequest, context: Any
    ) -> releaser_pb2.RequestReleasesResponse:
        if self.down:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "down")
        for order in request.orders:
            if order.change_id not in [each.change_id for each in self.orders]:
                self.orders.append(order)
        return releaser_pb2.RequestReleasesResponse(numbers=[self.number(order) for order in request.orders])

    def number(self, order: releaser_pb2.ReleaseOrder) -> int:
        """The number of the release an order got."""
        ids = [each.change_id for each in self.orders if each.app_id == order.app_id]
        return ids.index(order.change_id) + 1

    async def RemoveApp(self, request: releaser_pb2.RemoveAppRequest, context: Any) -> releaser_pb2.RemoveAppResponse:
        self.removed.append(request.app_id)
        return releaser_pb2.RemoveAppResponse()


@dataclass
class FakeSecrets(secrets_pb2_grpc.SecretsInternalServiceServicer):
    """Keeps managed values by app and name, each with the attaching it is of, and knows which apps are gone.

    `down`: answers nothing. `refuses`: refuses to store. `waits` holds up storing until it is set. `forgets_to_answer`:
    does what it is asked and answers nothing.
    """

    stored: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    purged: list[str] = field(default_factory=list)
    down: bool = False
    refuses: bool = False
    forgets_to_answer: bool = False
    waits: asyncio.Event | None = None
    asked: int = 0

    async def StoreManagedValue(
        self, request: secrets_pb2.StoreManagedValueRequest, context: Any
    ) -> secrets_pb2.StoreManagedValueResponse:
        self.asked += 1
        await self._answer_at_all(context)
        if self.waits is not None:
            await self.waits.wait()
        key = (request.app_id, request.name)
        value, attachment = self.stored.get(key, (None, None))
        if self.refuses or request.app_id in self.purged:
            refused = Refused("This name holds a secret.", reason="NAME_IS_SECRET")
            await context.abort_with_status(rpc_status.to_status(encode_error(refused)))
        if attachment == request.attachment_id and value != request.value:
            await context.abort_with_status(rpc_status.to_status(encode_error(request_id_reused())))
        changed = value != request.value
        self.stored[key] = (request.value, request.attachment_id)
        self.versions[request.app_id] = self.versions.get(request.app_id, 0) + changed
        if self.forgets_to_answer:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "lost on the way")
        return secrets_pb2.StoreManagedValueResponse(changed=changed, version=self.versions[request.app_id])

    async def DeleteManagedValue(
        self, request: secrets_pb2.DeleteManagedValueRequest, context: Any
    ) -> secrets_pb2.DeleteManagedValueResponse:
        await self._answer_at_all(context)
        _, attachment = self.stored.get((request.app_id, request.name), (None, None))
        if attachment == request.attachment_id:
            del self.stored[request.app_id, request.name]
        return secrets_pb2.DeleteManagedValueResponse()

    async def PurgeApp(self, request: secrets_pb2.PurgeAppRequest, context: Any) -> secrets_pb2.PurgeAppResponse:
        await self._answer_at_all(context)
        self.purged.append(request.app_id)
        self.stored = {key: value for key, value in self.stored.items() if key[0] != request.app_id}
        return secrets_pb2.PurgeAppResponse()

    async def _nobody_asks(self, request: Any, context: Any) -> Any:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "releaser asks for this, and is not here")

    GetDraft: Any = _nobody_asks
    ReleaseDraft: Any = _nobody_asks
    ResolveForRelease: Any = _nobody_asks
    RestoreVersion: Any = _nobody_asks
    RevertChanges: Any = _nobody_asks

    async def _answer_at_all(self, context: Any) -> None:
        if self.down:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "down")


@asynccontextmanager
async def on_channel(
    tls: Certificates,
    service: str,
    register: Any,
    servicer: Any,
    *,
    most_bytes: int = -1,
    most_at_once: int | None = None,
) -> AsyncIterator[str]:
    """Serve a fake with the certificate of `service`; gives the address."""
    address, files = free_address(), tls.settings(service)
    options = [("grpc.max_receive_message_length", most_bytes)]
    server = grpc.aio.server(options=options, maximum_concurrent_rpcs=most_at_once)
    register(servicer, server)
    server.add_secure_port(
        address,
        grpc.ssl_server_credentials(
            [(files.tls_key_file.read_bytes(), files.tls_cert_file.read_bytes())],
            root_certificates=files.tls_ca_file.read_bytes(),
            require_client_auth=True,
        ),
    )
    await server.start()
    try:
        yield address
    finally:
        await server.stop(0)
