"""The composition root of `tokens`: what it is made of, and nothing else."""

from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.channels import open_channel
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.identity import IdentityVerifier
from paaskit.interceptors import THE_GATEWAY
from paaskit.outbox import Outbox
from paaskit.server import Assembly, Exposed
from paaskit.trail import Trail
from services.tokens import pat
from services.tokens.authentication import PatAuthenticator, SignInCheck
from services.tokens.authorization import AuthorizationServicer
from services.tokens.domain import TextSource, Tokens
from services.tokens.rpc import TokensInternalServicer, TokensServicer
from services.tokens.settings import Settings
from services.tokens.signing import load_signer
from services.tokens.store import Store
from services.tokens.usage import Usage

_AUTHORIZATION = external_auth_pb2.DESCRIPTOR.services_by_name["Authorization"]


async def assemble(settings: Settings) -> Assembly:
    """Return `tokens`, connected. Raises SettingsError where a file holds something else than it should."""
    signer = load_signer(settings.signing_key_file)
    database = Database(settings.database_url, password_file=settings.database_password_file, service="tokens")
    audit_channel = open_channel(settings.audit_address, service="audit", tls=settings)
    trail = Trail(database, audit_channel)
    store = Store(database, trail)
    usage = Usage(store, record=trail.record)
    tokens = Tokens(
        store,
        texts=TextSource(generate=pat.generate, digest=pat.digest),
        record=trail.record,
        clock=utc_now,
        new_id=random_id,
    )
    sign_in_check = SignInCheck([PatAuthenticator(store.find_by_digest, usage=usage)], signer=signer, clock=utc_now)
    await database.open()

    async def close() -> None:
        await audit_channel.close()
        await database.close()

    return Assembly(
        exposed=[
            Exposed(
                tokens_pb2.DESCRIPTOR.services_by_name["TokensService"],
                tokens_pb2_grpc.add_TokensServiceServicer_to_server,
                TokensServicer(tokens),
            ),
            Exposed(
                tokens_pb2.DESCRIPTOR.services_by_name["TokensInternalService"],
                tokens_pb2_grpc.add_TokensInternalServiceServicer_to_server,
                TokensInternalServicer(tokens, signer.public_keys),
            ),
            Exposed(
                _AUTHORIZATION,
                external_auth_pb2_grpc.add_AuthorizationServicer_to_server,
                AuthorizationServicer(sign_in_check),
            ),
        ],
        verifier=IdentityVerifier(signer.public_keys, clock=utc_now),
        record=trail.record,
        background={"audit_relay": trail.run, "usage": usage.run},
        close=close,
        outbox=Outbox(database),
        foreign_rules={f"/{_AUTHORIZATION.full_name}/Check": THE_GATEWAY},
    )
