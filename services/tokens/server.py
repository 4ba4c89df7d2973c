"""The composition root of `tokens`: what each kind of process is made of, and nothing else."""

from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.channels import open_channel
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.identity import IdentityVerifier
from paaskit.listeners import Exposed
from paaskit.outbox import Outbox
from paaskit.paging import load_pages
from paaskit.requests import Expiry
from paaskit.server import Assembly, Background
from paaskit.settings import SettingsError
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.tokens import pat
from services.tokens.check.leases import outlast
from services.tokens.check.server import assemble_check, with_check
from services.tokens.check.signing import load_signer
from services.tokens.check.store import PresentedTokens
from services.tokens.domain import TextSource, Tokens
from services.tokens.leaks.reports import Reports
from services.tokens.leaks.server import leak_reports
from services.tokens.neighbours import resolver
from services.tokens.rpc import TokensInternalServicer, TokensServicer
from services.tokens.settings import ALL, CHECK, METHODS, Settings
from services.tokens.sso.server import makers_watched, provider_of
from services.tokens.store import Store
from services.tokens.trusts.server import trusts_served


async def assemble(settings: Settings) -> Assembly:
    """Return what this process serves of `tokens`, connected.

    Raises SettingsError where a setting names nothing there is, or a file holds something else than it should.
    """
    if settings.serves not in {ALL, METHODS, CHECK}:
        raise SettingsError("PAAS_SERVES names nothing there is to serve; it is all, methods or check.")
    signer = load_signer(settings.signing_key_file)
    if settings.serves == CHECK:
        return await assemble_check(settings, signer=signer)
    pages = load_pages(settings.page_key_file)
    database = Database(settings.database_url, password_file=settings.database_password_file, service="tokens")
    audit_channel = open_channel(settings.audit_address, service="audit", tls=settings)
    config_channel = open_channel(settings.config_address, service="config", tls=settings)
    trail = Trail(database, audit_channel)
    changes = WritePath(database, trail=trail)
    store = Store(database, changes)
    texts, resolve = TextSource(generate=pat.generate, digest=pat.digest), resolver(config_channel)
    trusts = trusts_served(settings, database, changes, texts=texts, resolve=resolve, record=trail.record, pages=pages)
    tokens = Tokens(
        store,
        texts=texts,
        resolve=resolve,
        clock=utc_now,
        new_id=random_id,
        outlast=outlast,
        trusts=trusts.trusts,
    )
    reports = Reports(PresentedTokens(database), store, trusts=trusts.trusts, clock=utc_now, outlast=outlast)
    taken = leak_reports(settings, reports)
    background: dict[str, Background] = {
        "audit_relay": trail.run,
        "request_expiry": Expiry(database).run,
        "exchange_expiry": trusts.background,
    }
    provider = provider_of(settings)
    makers = None if provider is None else makers_watched(provider, store)
    if makers is not None:
        background["makers"] = makers.background
    await database.open()

    async def close() -> None:
        await trusts.close()
        if makers is not None:
            await makers.client.aclose()
        if taken is not None:
            await taken.close()
        await audit_channel.close()
        await config_channel.close()
        await database.close()

    methods = Assembly(
        exposed=[
            Exposed(
                tokens_pb2.DESCRIPTOR.services_by_name["TokensService"],
                tokens_pb2_grpc.add_TokensServiceServicer_to_server,
                TokensServicer(tokens, reports, pages),
            ),
            Exposed(
                tokens_pb2.DESCRIPTOR.services_by_name["TrustsService"],
                tokens_pb2_grpc.add_TrustsServiceServicer_to_server,
                trusts.servicer,
            ),
            Exposed(
                tokens_pb2.DESCRIPTOR.services_by_name["TokensInternalService"],
                tokens_pb2_grpc.add_TokensInternalServiceServicer_to_server,
                TokensInternalServicer(tokens, signer.public_keys),
            ),
            *([] if taken is None else [taken.exposed]),
        ],
        verifier=IdentityVerifier(signer.public_keys, clock=utc_now),
        record=trail.record,
        background=background,
        ready=database.ready,
        close=close,
        outbox=Outbox(database),
        foreign_rules={},
    )
    if settings.serves == METHODS:
        return methods
    return await with_check(methods, settings, signer=signer, record=trail.record)
