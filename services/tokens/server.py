"""The composition root of `tokens`: what it is made of, and nothing else."""

from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.channels import open_channel
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.identity import IdentityVerifier
from paaskit.interceptors import THE_GATEWAY
from paaskit.outbox import Outbox
from paaskit.paging import load_pages
from paaskit.server import Assembly, Exposed
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.tokens import pat
from services.tokens.check.authentication import PatAuthenticator, SignInCheck
from services.tokens.check.authorization import AuthorizationServicer
from services.tokens.check.leases import LeasedTokens, outlast
from services.tokens.check.signing import load_signer
from services.tokens.check.usage import Usage
from services.tokens.domain import TextSource, Tokens
from services.tokens.neighbours import resolver
from services.tokens.rpc import TokensInternalServicer, TokensServicer
from services.tokens.settings import Settings
from services.tokens.store import Store

_AUTHORIZATION = external_auth_pb2.DESCRIPTOR.services_by_name["Authorization"]


async def assemble(settings: Settings) -> Assembly:
    """Return `tokens`, connected. Raises SettingsError where a file holds something else than it should."""
    signer, pages = load_signer(settings.signing_key_file), load_pages(settings.page_key_file)
    database = Database(settings.database_url, password_file=settings.database_password_file, service="tokens")
    audit_channel = open_channel(settings.audit_address, service="audit", tls=settings)
    config_channel = open_channel(settings.config_address, service="config", tls=settings)
    trail = Trail(database, audit_channel)
    store = Store(database, WritePath(database, trail=trail))
    usage = Usage(store, record=trail.record)
    tokens = Tokens(
        store,
        texts=TextSource(generate=pat.generate, digest=pat.digest),
        resolve=resolver(config_channel),
        clock=utc_now,
        new_id=random_id,
        outlast=outlast,
    )
    leased = LeasedTokens(store.find_by_digest)
    sign_in_check = SignInCheck([PatAuthenticator(leased.find, usage=usage)], signer=signer, clock=utc_now)
    await database.open()

    async def close() -> None:
        await audit_channel.close()
        await config_channel.close()
        await database.close()

    return Assembly(
        exposed=[
            Exposed(
                tokens_pb2.DESCRIPTOR.services_by_name["TokensService"],
                tokens_pb2_grpc.add_TokensServiceServicer_to_server,
                TokensServicer(tokens, pages),
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
