"""The composition root of the check behind the gateway: what it is made of, beside the methods or in its own process.

In its own process it is reached by the gateway alone, calls nobody, and can neither make nor end a token.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc

from paaskit.audit import Record
from paaskit.clock import utc_now
from paaskit.db import Database
from paaskit.gate import THE_GATEWAY
from paaskit.listeners import Exposed
from paaskit.server import Assembly, Background
from paaskit.trail import record_in
from services.tokens.check.authentication import PatAuthenticator, SignInCheck
from services.tokens.check.authorization import AuthorizationServicer
from services.tokens.check.leases import LeasedTokens
from services.tokens.check.look_ups import LookUps
from services.tokens.check.signing import Signer
from services.tokens.check.store import PresentedTokens
from services.tokens.check.usage import Usage
from services.tokens.check.wrong_tokens import WrongTokens
from services.tokens.settings import Settings
from services.tokens.sso.server import provider_of, sign_in_at
from services.tokens.token import Authenticator

_AUTHORIZATION = external_auth_pb2.DESCRIPTOR.services_by_name["Authorization"]


async def assemble_check(settings: Settings, *, signer: Signer) -> Assembly:
    """Return the check by itself, connected.

    Its events are in the outbox when they are recorded; whichever process has the methods sends them.
    """
    database = _database(settings)
    record = partial(record_in, database)
    check = _build(settings, database, signer=signer, record=record)
    await database.open()

    async def close() -> None:
        await check.close()
        await database.close()

    alone = Assembly(
        exposed=[],
        # No user calls it: the gateway does, with its certificate.
        verifier=None,
        record=record,
        background={},
        ready=database.ready,
        close=close,
        foreign_rules={},
    )
    return _with(check, alone, listen=settings.check_listen or settings.listen)


async def with_check(methods: Assembly, settings: Settings, *, signer: Signer, record: Record) -> Assembly:
    """Return `methods` with the check in the same process, connected: who is calling can be told however busy they are
    with the database, since its connections are nobody else's.
    """
    database = _database(settings)
    check = _build(settings, database, signer=signer, record=record)
    await database.open()

    async def close() -> None:
        await methods.close()
        await check.close()
        await database.close()

    return _with(check, replace(methods, close=close), listen=settings.check_listen)


@dataclass(frozen=True, kw_only=True)
class _Check:
    servicer: AuthorizationServicer
    background: Mapping[str, Background]
    close: Callable[[], Awaitable[None]]


def _build(settings: Settings, database: Database, *, signer: Signer, record: Record) -> _Check:
    store = PresentedTokens(database)
    usage = Usage(store, record=record)
    look_ups = LookUps(store)
    wrong_tokens = WrongTokens(has_seen=look_ups.has_seen)
    authenticators: list[Authenticator] = [
        PatAuthenticator(LeasedTokens(look_ups.find).find, usage=usage, wrong_tokens=wrong_tokens)
    ]
    background: dict[str, Background] = {"usage": usage.run, "wrong_tokens": wrong_tokens.run}
    provider = provider_of(settings)
    people = None if provider is None else sign_in_at(provider, record=record, count_wrong=wrong_tokens.count)
    if people is not None:
        authenticators.append(people.authenticator)
        background["sign_ins"] = people.background

    async def close() -> None:
        if people is not None:
            await people.client.aclose()

    check = SignInCheck(authenticators, signer=signer, clock=utc_now)
    return _Check(servicer=AuthorizationServicer(check), background=background, close=close)


def _with(check: _Check, others: Assembly, *, listen: str) -> Assembly:
    register = external_auth_pb2_grpc.add_AuthorizationServicer_to_server
    return replace(
        others,
        exposed=[*others.exposed, Exposed(_AUTHORIZATION, register, check.servicer, listen=listen)],
        background={**others.background, **check.background},
        foreign_rules={**others.foreign_rules, f"/{_AUTHORIZATION.full_name}/Check": THE_GATEWAY},
    )


def _database(settings: Settings) -> Database:
    return Database(
        settings.database_url,
        password_file=settings.database_password_file,
        service="tokens",
        writers=1,
        readers=4,
        purpose="check",
    )
