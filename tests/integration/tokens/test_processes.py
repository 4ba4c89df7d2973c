"""`tokens` as two kinds of process: what each serves, and that together they are what one process is.

Leaves out how the two are reached through the gateway and what it says without them (tests/e2e/faults/test_outages.py).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import grpc
import pytest
from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc
from paas.audit.v1 import audit_pb2
from paas.operations.v1 import operations_pb2, operations_pb2_grpc
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.clock import random_id
from paaskit.settings import SettingsError
from services.tokens.server import assemble
from services.tokens.settings import ALL, CHECK, METHODS, Settings
from tests.fakes.app_registry import FakeApps
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import until
from tests.integration.tokens.conftest import Served

UNIMPLEMENTED = grpc.StatusCode.UNIMPLEMENTED


@dataclass(frozen=True)
class Apart:
    """A server of the check and one of the methods, on one database."""

    check: Served
    methods: Served

    async def person(self) -> tuple[tuple[str, str], ...]:
        """What a call of somebody signed in arrives with."""
        return await self.check.identity(await self.methods.sign_in())


@pytest.fixture
async def apart(settings: Settings, databases: Databases, tls: Certificates) -> AsyncIterator[Apart]:
    databases.empty("tokens")
    of_check = replace(settings, listen=free_address(), serves=CHECK)
    of_methods = replace(settings, listen=free_address(), serves=METHODS)
    async with (
        serving(of_check, await assemble(of_check)) as check,
        serving(of_methods, await assemble(of_methods)) as methods,
        tls.channel(check, service="tokens", caller="gateway") as check_gateway,
        tls.channel(check, service="tokens", caller="operator") as check_operator,
        tls.channel(methods, service="tokens", caller="gateway") as gateway,
        tls.channel(methods, service="tokens", caller="operator") as operator,
    ):
        yield Apart(
            Served(check, check_gateway, check_operator, FakeApps()), Served(methods, gateway, operator, FakeApps())
        )


async def test_what_one_makes_the_other_knows_until_it_is_revoked(apart: Apart) -> None:
    me = await apart.person()
    asked = tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci")
    made = await apart.methods.users.CreateToken(asked, metadata=me)
    who = await apart.methods.users.WhoAmI(tokens_pb2.WhoAmIRequest(), metadata=await apart.check.identity(made.secret))
    assert who.subject == "pat:ci"
    await apart.methods.users.RevokeToken(tokens_pb2.RevokeTokenRequest(token="ci"), metadata=me)
    assert (await apart.check.check(made.secret)).HasField("denied_response"), "at once, for all its lease"


async def test_each_serves_its_own_and_nothing_else(apart: Apart) -> None:
    me = await apart.person()
    of_check = tokens_pb2_grpc.TokensServiceStub(apart.check.gateway)
    internal = tokens_pb2_grpc.TokensInternalServiceStub(apart.check.operator)
    outbox = operations_pb2_grpc.OperationsInternalServiceStub(apart.check.operator)
    check = external_auth_pb2_grpc.AuthorizationStub(apart.methods.gateway)
    for call in (
        of_check.WhoAmI(tokens_pb2.WhoAmIRequest(), metadata=me),
        of_check.CreateToken(tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci"), metadata=me),
        internal.GetSigningKeys(tokens_pb2.GetSigningKeysRequest()),
        outbox.GetOutbox(operations_pb2.GetOutboxRequest()),
        check.Check(external_auth_pb2.CheckRequest()),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code() is UNIMPLEMENTED


async def test_the_use_of_an_ended_token_is_put_where_the_methods_find_it(apart: Apart, databases: Databases) -> None:
    me = await apart.person()
    asked = tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci")
    made = await apart.methods.users.CreateToken(asked, metadata=me)
    await apart.methods.users.RevokeToken(tokens_pb2.RevokeTokenRequest(token="ci"), metadata=me)
    assert (await apart.check.check(made.secret)).HasField("denied_response")

    def told() -> bool:
        rows = databases.look("tokens", "SELECT payload FROM outbox WHERE destination = 'audit'")
        return any(audit_pb2.Event.FromString(payload).action == "tokens.use" for (payload,) in rows)

    await until(told)


@pytest.mark.parametrize(
    ("serves", "background"),
    [
        (CHECK, {"usage", "wrong_tokens"}),
        (METHODS, {"audit_relay", "exchange_expiry", "request_expiry", "outbox"}),
        (ALL, {"usage", "wrong_tokens", "audit_relay", "exchange_expiry", "request_expiry", "outbox"}),
    ],
)
async def test_what_goes_on_beside_it_goes_on_in_the_process_it_is_for(
    settings: Settings, serves: str, background: set[str]
) -> None:
    assembly = await assemble(replace(settings, serves=serves))
    assert set(assembly.all_background) == background
    await assembly.close()


async def test_a_process_of_nothing_there_is_does_not_start(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="PAAS_SERVES names nothing there is to serve; it is all, methods or check"):
        await assemble(replace(settings, serves="Check"))
