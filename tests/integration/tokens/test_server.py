"""The whole service over mTLS: who may call what, and a token's life from making to revoking.

Leaves out Envoy (tests/integration/test_gateway.py) and the rules one by one (tests/unit/tokens).
"""

import asyncio
from dataclasses import replace

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from paas.audit.v1 import audit_pb2
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.access import RuleError
from paaskit.clock import random_id, utc_now
from paaskit.db import pool
from paaskit.gate import ANY_SERVICE
from paaskit.identity import IdentityVerifier
from paaskit.server import build_server
from services.tokens import pat
from services.tokens.check.authorization import NOT_SIGNED_IN
from services.tokens.server import assemble
from services.tokens.settings import Settings
from tests.fakes.app_registry import FakeApps
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.tokens.conftest import Served


async def test_token_from_making_to_revoking(served: Served, databases: Databases) -> None:
    person = await served.identity(await served.sign_in())
    who = await served.users.WhoAmI(tokens_pb2.WhoAmIRequest(), metadata=person)
    assert (who.tenant, who.subject, who.kind) == ("acme", "user:ada@example.com", "user")

    made = await served.users.CreateToken(
        tokens_pb2.CreateTokenRequest(
            request_id=random_id(), name="ci", ttl=Duration(seconds=7200), permissions=["config.read"], apps=["web"]
        ),
        metadata=person,
    )
    machine = await served.identity(made.secret)
    who = await served.users.WhoAmI(tokens_pb2.WhoAmIRequest(), metadata=machine)
    assert (who.subject, list(who.permissions), list(who.apps)) == ("pat:ci", ["config.read"], ["web"])
    assert who.expires_at.seconds == made.token.expires_at.seconds

    listed = await served.users.ListTokens(tokens_pb2.ListTokensRequest(), metadata=person)
    assert [token.name for token in listed.tokens] == ["ci"]
    assert listed.tokens[0].creator == "user:ada@example.com"

    await served.users.RevokeToken(tokens_pb2.RevokeTokenRequest(token="ci"), metadata=person)
    refused = await served.check(made.secret)
    assert refused.denied_response.status.code == 401
    assert refused.denied_response.body == NOT_SIGNED_IN
    assert _actions(databases) == ["tokens.sign_in", "tokens.create", "tokens.revoke"]
    assert made.audit_event_id == _events(databases)[1].event_id
    (payload,) = databases.look("tokens", "SELECT payload FROM outbox ORDER BY id DESC LIMIT 1")[0]
    told = audit_pb2.Event.FromString(payload)
    assert [(each.token_id, each.maker) for each in told.target_tokens] == [
        (made.token.token_id, "user:ada@example.com")
    ]
    assert databases.look("tokens", "SELECT count(*) FROM tokens WHERE digest = %s", (pat.digest(made.secret),)) == [
        (1,)
    ]


async def test_identity_is_signed_for_a_minute_with_the_published_key(served: Served, tls: Certificates) -> None:
    ((_, signed),) = await served.identity(await served.sign_in())
    async with tls.channel(served.address, service="tokens", caller="config") as channel:
        answer = await tokens_pb2_grpc.TokensInternalServiceStub(channel).GetSigningKeys(
            tokens_pb2.GetSigningKeysRequest()
        )
    (key,) = answer.keys
    assert jwt.get_unverified_header(signed) == {"alg": "EdDSA", "kid": key.key_id, "typ": "JWT"}

    async def published() -> dict[str, Ed25519PublicKey]:
        return {key.key_id: Ed25519PublicKey.from_public_bytes(key.public_key)}

    identity = await IdentityVerifier(published, clock=utc_now).verify(signed)
    assert (identity.tenant, identity.client_address) == ("acme", "203.0.113.9")
    assert 0 < (identity.expires_at - utc_now()).total_seconds() <= 60


async def test_only_the_gateway_asks_who_is_calling(served: Served, tls: Certificates) -> None:
    for caller in ("config", "secrets", "audit", "releaser", "operator", "provisioner", "tokens"):
        async with tls.channel(served.address, service="tokens", caller=caller) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await external_auth_pb2_grpc.AuthorizationStub(channel).Check(external_auth_pb2.CheckRequest())
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_certificate_of_another_ca_gets_no_connection(served: Served, foreign_tls: Certificates) -> None:
    async with foreign_tls.channel(served.address, service="tokens", caller="gateway") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await external_auth_pb2_grpc.AuthorizationStub(channel).Check(
                external_auth_pb2.CheckRequest(), timeout=PATIENCE
            )
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_gateway_without_identity_is_nobody(served: Served) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.users.WhoAmI(tokens_pb2.WhoAmIRequest())
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_gateway_may_not_sign_anybody_in(served: Served) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await tokens_pb2_grpc.TokensInternalServiceStub(served.gateway).IssueSignIn(
            tokens_pb2.IssueSignInRequest(tenant="acme", user="eve", role="admin", ttl=Duration(seconds=3600))
        )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("seconds", [-(2**63), -1, 0, 2**63 - 1])
async def test_a_ttl_out_of_bounds_is_refused(served: Served, seconds: int) -> None:
    asked = tokens_pb2.IssueSignInRequest(tenant="acme", user="ada", role="admin", ttl=Duration(seconds=seconds))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await tokens_pb2_grpc.TokensInternalServiceStub(served.operator).IssueSignIn(asked)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "ttl" in str(refused.value.details())


async def test_a_rotated_token_works_on_for_the_overlap(served: Served, databases: Databases) -> None:
    person = await served.identity(await served.sign_in())
    asked = tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci", permissions=["config.read"])
    made = await served.users.CreateToken(asked, metadata=person)
    rotate = tokens_pb2.RotateTokenRequest(request_id=random_id(), token="ci")
    first = await served.users.RotateToken(rotate, metadata=person)
    assert (first.previous.token_id, first.descendants) == (made.token.token_id, 0)
    assert abs(first.previous.expires_at.seconds - made.token.created_at.seconds - 86_400) < PATIENCE
    assert first.token.expires_at.seconds - first.token.created_at.seconds == 30 * 86_400
    for secret in (made.secret, first.secret):
        assert (await served.check(secret)).HasField("ok_response")
    again = await served.users.RotateToken(rotate, metadata=person)
    assert again.secret == first.secret, "sent at once, it is one"
    at_once = tokens_pb2.RotateTokenRequest(request_id=random_id(), token="ci", overlap=Duration(seconds=0))
    second = await served.users.RotateToken(at_once, metadata=person)
    for secret in (made.secret, first.secret):
        assert (await served.check(secret)).HasField("denied_response"), "by its name, all before end"
    assert (await served.check(second.secret)).HasField("ok_response")
    assert _actions(databases) == ["tokens.sign_in", "tokens.create", "tokens.rotate", "tokens.rotate"]


async def test_an_answer_says_when_the_token_ends_where_that_is_soon(served: Served) -> None:
    person = await served.identity(await served.sign_in())
    for days, told in ((6, True), (8, False)):
        asked = tokens_pb2.CreateTokenRequest(
            request_id=random_id(), name=f"d{days}", ttl=Duration(seconds=days * 86_400)
        )
        made = await served.users.CreateToken(asked, metadata=person)
        call = served.users.WhoAmI(tokens_pb2.WhoAmIRequest(), metadata=await served.identity(made.secret))
        await call
        trailers = dict(await call.trailing_metadata() or ())
        assert trailers.get("x-paas-token-ends") == (str(made.token.expires_at.seconds) if told else None)


async def test_whoever_has_a_text_ends_it_and_learns_nothing(served: Served, databases: Databases) -> None:
    person = await served.identity(await served.sign_in())
    made = await served.users.CreateToken(
        tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci"), metadata=person
    )
    stranger = await served.identity(await served.sign_in(tenant="rival", user="eve", role="viewer"))
    answers = set()
    for secret in (made.secret, made.secret, pat.generate(), "paas_pat_"):
        call = served.users.ReportToken(tokens_pb2.ReportTokenRequest(secret=secret), metadata=stranger)
        answers.add((await call).SerializeToString())
    assert answers == {b""}
    assert (await served.check(made.secret)).HasField("denied_response")
    told = [event for event in _events(databases) if event.action == "tokens.leaked"]
    assert [(event.tenant, event.actor, list(event.targets)) for event in told] == [
        ("acme", "service:token-reports", ["ci"])
    ]
    assert made.secret.encode() not in b"".join(event.SerializeToString() for event in told)


async def test_foreign_and_absent_tokens_answer_the_same(served: Served) -> None:
    ours = await served.identity(await served.sign_in(tenant="acme"))
    theirs = await served.identity(await served.sign_in(tenant="rival"))
    made = await served.users.CreateToken(
        tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci"), metadata=ours
    )
    answers = set()
    for reference in ("ci", made.token.token_id, "absent", "f" * 32, "x" * 256, made.secret):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.users.RevokeToken(tokens_pb2.RevokeTokenRequest(token=reference), metadata=theirs)
        answers.add((refused.value.code(), refused.value.details(), str(refused.value.trailing_metadata())))
    assert len(answers) == 1
    assert answers.pop()[0] is grpc.StatusCode.NOT_FOUND
    assert (await served.check(made.secret)).HasField("ok_response")


@pytest.mark.parametrize("reference", ["x" * 257, "nul\0"])
async def test_what_no_token_can_be_called_is_refused_as_such(served: Served, reference: str) -> None:
    me = await served.identity(await served.sign_in())
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.users.RevokeToken(tokens_pb2.RevokeTokenRequest(token=reference), metadata=me)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_missing_permission_is_refused_and_recorded(served: Served, databases: Databases) -> None:
    viewer = await served.identity(await served.sign_in(role="viewer"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.users.ListTokens(tokens_pb2.ListTokensRequest(), metadata=viewer)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert _actions(databases) == ["tokens.sign_in", "tokens.list denied"]


async def test_more_than_the_creator_has_is_recorded_once_with_the_name(served: Served, databases: Databases) -> None:
    person = await served.identity(await served.sign_in(role="developer"))
    request = tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci", permissions=["keys.manage"])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.users.CreateToken(request, metadata=person)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    denied = [event for event in _events(databases) if event.outcome == audit_pb2.OUTCOME_DENIED]
    assert [(event.action, event.actor, list(event.targets)) for event in denied] == [
        ("tokens.create", "user:ada@example.com", ["ci"])
    ]


async def test_token_given_as_a_name_is_not_in_the_record_of_its_denial(served: Served, databases: Databases) -> None:
    text = await served.sign_in(role="viewer")
    for number, reference in enumerate((text, f"Bearer {text}", "ci")):
        # Somebody else each time: of one person's only the first is an event of its own.
        viewer = await served.identity(await served.sign_in(role="viewer", user=f"user-{number}"))
        with pytest.raises(grpc.aio.AioRpcError):
            await served.users.RevokeToken(tokens_pb2.RevokeTokenRequest(token=reference), metadata=viewer)
    denied = [event for event in _events(databases) if event.action == "tokens.revoke"]
    assert [list(event.targets) for event in denied] == [[], [], ["ci"]]


async def test_limited_token_carries_the_ids_and_shows_the_names(served: Served) -> None:
    person = await served.identity(await served.sign_in())
    request = tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci", apps=["web", "api"])
    made = await served.users.CreateToken(request, metadata=person)
    assert list(made.token.apps) == ["api", "web"]
    ((_, signed),) = await served.identity(made.secret)
    claims = jwt.decode(signed, options={"verify_signature": False})
    assert claims["app"] == dict(served.apps.scope("web", "api"))
    who = await served.users.WhoAmI(tokens_pb2.WhoAmIRequest(), metadata=await served.identity(made.secret))
    assert list(who.apps) == ["api", "web"]


async def test_limited_token_makes_none_for_a_later_app_of_the_name(served: Served, databases: Databases) -> None:
    person = await served.identity(await served.sign_in())
    request = tokens_pb2.CreateTokenRequest(
        request_id=random_id(), name="old", permissions=["tokens.manage"], apps=["web"]
    )
    old = await served.identity((await served.users.CreateToken(request, metadata=person)).secret)
    served.apps.make("web")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.users.CreateToken(
            tokens_pb2.CreateTokenRequest(request_id=random_id(), name="child", apps=["web"]), metadata=old
        )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    event = _events(databases)[-1]
    assert (event.actor, event.outcome, list(event.targets)) == ("pat:old", audit_pb2.OUTCOME_DENIED, ["child"])


async def test_apps_that_are_not_there_are_all_named(served: Served) -> None:
    person = await served.identity(await served.sign_in())
    request = tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci", apps=["shop", "web", "desk"])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.users.CreateToken(request, metadata=person)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert "desk, shop" in str(refused.value.details())


async def test_config_away_stops_limited_tokens_alone(
    settings: Settings, databases: Databases, tls: Certificates
) -> None:
    databases.empty("tokens")
    async with (
        serving(settings, await assemble(settings)) as address,
        tls.channel(address, service="tokens", caller="gateway") as gateway,
        tls.channel(address, service="tokens", caller="operator") as operator,
    ):
        served = Served(address, gateway, operator, FakeApps())
        person = await served.identity(await served.sign_in())
        request = tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci", apps=["web"])
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await served.users.CreateToken(request, metadata=person)
        assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
        request.apps.clear()
        assert (await served.users.CreateToken(request, metadata=person)).secret


async def test_waiting_for_config_holds_no_connection(served: Served, databases: Databases) -> None:
    """More requests than there are connections wait for a slow config; everybody else is answered meanwhile."""
    text = await served.sign_in()
    person = await served.identity(text)
    served.apps.answers.clear()
    requests = [
        tokens_pb2.CreateTokenRequest(request_id=random_id(), name=f"t{number}", apps=["web"]) for number in range(16)
    ]
    creating = [asyncio.ensure_future(_create(served, request, person)) for request in requests]
    await until(lambda: len(served.apps.asked) == 16)
    assert (await served.check(text)).HasField("ok_response")
    assert (await served.users.ListTokens(tokens_pb2.ListTokensRequest(), metadata=person)).tokens == []
    busy = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'tokens' AND state LIKE 'idle in transaction%%'"
    assert databases.look("tokens", busy) == [(0,)]
    served.apps.answers.set()
    assert len({made.secret for made in await asyncio.gather(*creating)}) == 16


async def test_twenty_equal_requests_at_once_get_equal_answers(served: Served, databases: Databases) -> None:
    person = await served.identity(await served.sign_in())
    request = tokens_pb2.CreateTokenRequest(request_id=random_id(), name="ci", apps=["web"])
    made = await asyncio.gather(*(served.users.CreateToken(request, metadata=person) for _ in range(20)))
    assert len({each.SerializeToString(deterministic=True) for each in made}) == 1
    assert databases.look("tokens", "SELECT count(*) FROM tokens WHERE kind = 'pat'") == [(1,)]
    assert _actions(databases) == ["tokens.sign_in", "tokens.create"]


async def test_pages_are_read_to_the_end_and_their_tokens_show_nothing(served: Served) -> None:
    person = await served.identity(await served.sign_in())
    for number in range(5):
        request = tokens_pb2.CreateTokenRequest(request_id=random_id(), name=f"t{number}")
        await served.users.CreateToken(request, metadata=person)
    names: list[str] = []
    asked = tokens_pb2.ListTokensRequest(page_size=2)
    page_tokens = set()
    while True:
        page = await served.users.ListTokens(asked, metadata=person)
        names += [token.name for token in page.tokens]
        asked.page_token = page.next_page_token
        if not page.next_page_token:
            break
        page_tokens.add(page.next_page_token)
    assert names == [f"t{number}" for number in range(5)]
    assert len(page_tokens) == 2
    rival = await served.identity(await served.sign_in(tenant="rival"))
    for page_token, whose in ((min(page_tokens), rival), ("x", person), ("W10=", person), ("\0", person)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.users.ListTokens(tokens_pb2.ListTokensRequest(page_token=page_token), metadata=whose)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_server_starts_only_with_one_rule_a_method(settings: Settings) -> None:
    assembly = await assemble(settings)
    ours = "/paas.tokens.v1.TokensInternalService/GetSigningKeys"
    for rules in ({}, {**assembly.foreign_rules, ours: ANY_SERVICE}):
        with pytest.raises(RuleError):
            build_server(settings, replace(assembly, foreign_rules=rules))
    await assembly.close()


async def test_database_away_is_neither_yes_nor_no(
    settings: Settings, tls: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_WAIT_FOR_CONNECTION_SECONDS", 0.3)
    lost = replace(settings, database_url="postgresql://tokens@127.0.0.1:1/tokens")
    async with (
        serving(lost, await assemble(lost)) as address,
        tls.channel(address, service="tokens", caller="gateway") as gateway,
        tls.channel(address, service="tokens", caller="operator") as operator,
    ):
        served = Served(address, gateway, operator, FakeApps())
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await served.check(pat.generate())
        assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
        assert (await served.check("paas_pat_wrong")).denied_response.status.code == 401


async def _create(
    served: Served, request: tokens_pb2.CreateTokenRequest, metadata: tuple[tuple[str, str], ...]
) -> tokens_pb2.CreateTokenResponse:
    return await served.users.CreateToken(request, metadata=metadata)


def _events(databases: Databases) -> list[audit_pb2.Event]:
    rows = databases.look("tokens", "SELECT payload FROM outbox ORDER BY id")
    return [audit_pb2.Event.FromString(payload) for (payload,) in rows]


def _actions(databases: Databases) -> list[str]:
    return [
        f"{each.action}{' denied' if each.outcome == audit_pb2.OUTCOME_DENIED else ''}" for each in _events(databases)
    ]
