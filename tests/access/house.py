"""All five services as whole servers on real databases, calling each other over mTLS, and ways to call them."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.duration_pb2 import Duration
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from local.secrets_made import signing_key
from paaskit.channels import open_channel
from paaskit.clock import utc_now
from paaskit.identity import HEADER, Identity, StoredToken
from paaskit.settings import TlsSettings
from services.audit.server import assemble as assemble_audit
from services.audit.settings import Settings as AuditSettings
from services.config.server import assemble as assemble_config
from services.config.settings import Settings as ConfigSettings
from services.releaser.server import assemble as assemble_releaser
from services.releaser.settings import Settings as ReleaserSettings
from services.secrets.server import assemble as assemble_secrets
from services.secrets.settings import Settings as SecretsSettings
from services.tokens.check.signing import Signer
from services.tokens.server import assemble as assemble_tokens
from services.tokens.settings import Settings as TokensSettings
from tests.access.callers import STRANGERS, Flaw, Kind
from tests.access.methods import SERVERS, Method
from tests.access.strangers import make_strangers
from tests.fakes.oidc_issuer import OidcIssuer
from tests.fakes.secret_scanning import SecretScanning
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE

Metadata = tuple[tuple[str, str], ...]


@dataclass
class House:
    """The five servers. Channels are opened once and kept."""

    addresses: dict[str, str]
    signer: Signer
    tls: Certificates
    foreign: Certificates
    strangers: Path
    github: SecretScanning
    """Who finds tokens in public."""
    issuer: OidcIssuer
    """A CI system whose jobs' tokens may be exchanged."""
    token_ids: dict[str, str] = field(default_factory=dict)
    """A living token of each tenant, which the identities made here say they come from."""
    _channels: dict[tuple[str, str], grpc.aio.Channel] = field(default_factory=dict)

    def channel(self, server: str, certificate: str) -> grpc.aio.Channel:
        """The channel to `server` of whoever has `certificate`; see `callers` for the kinds."""
        if (server, certificate) not in self._channels:
            self._channels[server, certificate] = self._open(server, certificate)
        return self._channels[server, certificate]

    def metadata(self, kind: Kind) -> Metadata:
        """The identity that a call of this kind of caller carries."""
        if kind.permissions is None:
            return ()
        if kind.flaw is Flaw.GARBAGE:
            return ((HEADER, "eyJhbGciOiJub25lIn0.e30."),)
        now = utc_now() - (timedelta(minutes=5) if kind.flaw is Flaw.EXPIRED else timedelta())
        identity = Identity(
            tenant=kind.tenant,
            subject="user:ada@example.com",
            kind="user",
            permissions=kind.permissions,
            apps=kind.apps,
            origin=StoredToken(token_id=self.token_ids[kind.tenant]),
            client_address="203.0.113.9",
            ends_at=now + timedelta(seconds=60),
            expires_at=now + timedelta(seconds=60),
        )
        signer = self.signer
        if kind.flaw is Flaw.FOREIGN_KEY:
            signer = Signer(Ed25519PrivateKey.generate())
            signer.key_id = self.signer.key_id
        header = (HEADER, signer.sign(identity, now=now))
        return (header, header) if kind.flaw is Flaw.TWICE else (header,)

    async def ask(self, method: Method, kind: Kind, request: Any, *, metadata: Metadata | None = None) -> Any:
        """Make one call; returns the first answer. Raises grpc.aio.AioRpcError."""
        channel = self.channel(method.server, kind.certificate)
        metadata = self.metadata(kind) if metadata is None else metadata
        raw = request.SerializeToString()
        if not method.descriptor.server_streaming:
            unary: Any = channel.unary_unary(method.path)
            return await unary(raw, metadata=metadata, timeout=PATIENCE)
        if method.descriptor.client_streaming:
            both: Any = channel.stream_stream(method.path)
            call = both(iter([raw]), metadata=metadata, timeout=PATIENCE)
        else:
            stream: Any = channel.unary_stream(method.path)
            call = stream(raw, metadata=metadata, timeout=PATIENCE)
        try:
            async for answer in call:
                return answer
            return None
        finally:
            call.cancel()

    async def sign_in(self, tenant: str, databases: Databases) -> str:
        """Sign somebody of `tenant` in; returns the token's id."""
        operator = tokens_pb2_grpc.TokensInternalServiceStub(self.channel("tokens", "operator"))
        request = tokens_pb2.IssueSignInRequest(
            tenant=tenant, user="ada@example.com", role="admin", ttl=Duration(seconds=3600)
        )
        await operator.IssueSignIn(request)
        ((token_id,),) = databases.look("tokens", "SELECT token_id FROM tokens WHERE tenant = %s", (tenant,))
        return str(token_id)

    async def close(self) -> None:
        """Close every channel."""
        for channel in self._channels.values():
            await channel.close()

    def _open(self, server: str, certificate: str) -> grpc.aio.Channel:
        address, ca_file = self.addresses[server], self.tls.folder / "ca.pem"
        if certificate == "plaintext":
            return grpc.aio.insecure_channel(address)
        if certificate == "no-certificate":
            name = f"{server}.paas.internal"
            options = [("grpc.ssl_target_name_override", name), ("grpc.default_authority", name)]
            return grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(ca_file.read_bytes()), options=options)
        folder, name = self.tls.folder, certificate
        if certificate == "foreign-ca":
            folder, name = self.foreign.folder, "gateway"
        elif certificate in STRANGERS:
            folder = self.strangers
        files = TlsSettings(
            tls_cert_file=folder / f"{name}.pem", tls_key_file=folder / f"{name}.key", tls_ca_file=ca_file
        )
        return open_channel(address, service=server, tls=files)


@asynccontextmanager
async def whole_house(
    databases: Databases, tls: Certificates, foreign: Certificates, folder: Path
) -> AsyncIterator[House]:
    """Start all five on empty databases."""
    signing, kms = folder / "signing.key", folder / "kms.key"
    signing.write_bytes(signing_key())
    kms.write_text(base64.b64encode(os.urandom(32)).decode())
    key = serialization.load_pem_private_key(signing.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    make_strangers(tls.folder, folder)
    addresses = {server: free_address() for server in SERVERS}
    github, issuer = SecretScanning(folder / "github"), OidcIssuer(folder / "issuer")
    house = House(addresses, Signer(key), tls, foreign, folder, github, issuer)

    def shared(service: str, *neighbours: str) -> dict[str, Any]:
        databases.empty(service)
        files = tls.settings(service)
        return {
            "listen": addresses[service],
            "database_url": databases.service_url(service),
            "database_password_file": databases.password_file(service),
            "tls_cert_file": files.tls_cert_file,
            "tls_key_file": files.tls_key_file,
            "tls_ca_file": files.tls_ca_file,
            "page_key_file": tls.page_key_file,
            "environment": "local",
        } | {f"{name}_address": addresses[name] for name in neighbours}

    audit = AuditSettings(
        **shared("audit", "tokens"),
        log_folder=str(folder / "audit-logs"),
        log_key_files=str(tls.log_key_file),
        log_origin="audit.example.com",
    )
    config = ConfigSettings(**shared("config", "tokens", "audit", "secrets", "releaser"))
    secrets = SecretsSettings(
        **shared("secrets", "tokens", "audit", "config", "releaser"), kms_provider="local", kms_key_file=kms
    )
    releaser = ReleaserSettings(
        **shared("releaser", "tokens", "audit", "config", "secrets"),
        runtime="local",
        runtime_dir=str(folder / "runtime"),
        spacing_seconds=0.1,
    )
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        stack.enter_context(github)
        stack.enter_context(issuer)
        tokens = TokensSettings(
            **shared("tokens", "audit", "config"),
            signing_key_file=signing,
            leaks_keys_url=github.keys_url,
            leaks_keys_ca_file=github.ca_file,
            exchange_issuers=f"{issuer.url},https://gitlab.com",
            exchange_ca_file=issuer.ca_file,
        )
        await enter(serving(tokens, await assemble_tokens(tokens)))
        await enter(serving(audit, await assemble_audit(audit)))
        await enter(serving(config, await assemble_config(config)))
        await enter(serving(secrets, await assemble_secrets(secrets)))
        await enter(serving(releaser, await assemble_releaser(releaser)))
        stack.push_async_callback(house.close)
        house.token_ids |= {tenant: await house.sign_in(tenant, databases) for tenant in ("acme", "globex")}
        yield house
