"""Jobs without a token get one, through the gateway: once, for minutes, as long as its maker may do what it may.

Covers what is given, the one exchange, pull requests, makers who lose something, and how a trust ends. What is refused
for what reason is test_refusals.py.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from paas.audit.v1 import audit_pb2
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.tokens.server import assemble
from services.tokens.sso.makers import decide_limit
from services.tokens.store import Store
from services.tokens.token import MakerLimit
from services.tokens.trusts.store import EXPIRE
from tests.fakes.oidc_issuer import Fault
from tests.fixtures.serving import free_address, serving
from tests.fixtures.tls import Certificates
from tests.integration.tokens.trusts.conftest import Ci, request_of


async def test_a_job_gets_a_token_that_does_what_the_trust_says_and_no_more(ci: Ci) -> None:
    trust = await ci.trust(name="deploy", apps=["web"], ttl=Duration(seconds=300))
    assert trust.audience == f"paas-trust:{trust.trust_id}"
    given = await ci.exchange(trust.trust_id, ci.token(trust))
    assert (given.token_type, given.expires_in, given.scope) == ("Bearer", 300, "config.read config.write")
    assert given.issued_token_type == "urn:ietf:params:oauth:token-type:access_token"
    who = await ci.who(given.access_token)
    assert (who.tenant, who.kind, list(who.permissions), list(who.apps)) == (
        "acme",
        "ci",
        ["config.read", "config.write"],
        ["web"],
    )
    assert who.subject == f"pat:{given.token.name}"
    assert given.token.name.startswith("ci:deploy:")
    assert (who.maker, given.token.creator) == ("user:ada@example.com", "trust:deploy")
    assert 0 < who.expires_at.seconds - utc_now().timestamp() <= 300
    (event,) = ci.events()
    assert (event.tenant, event.actor, event.outcome) == ("acme", "trust:deploy", audit_pb2.OUTCOME_OK)
    assert list(event.targets) == [given.token.name]
    assert event.on_behalf_of == f"{ci.issuer.url} repo:octo@123456/app@456789:ref:refs/heads/main"
    assert (event.client_address, event.maker, event.token_id) == (
        "127.0.0.1",
        "user:ada@example.com",
        trust.trust_id,
    )


async def test_it_is_listed_like_others(ci: Ci) -> None:
    trust = await ci.trust()
    given = await ci.exchange(trust.trust_id, ci.token(trust))
    stub = tokens_pb2_grpc.TokensServiceStub(ci.edge)
    listed = await stub.ListTokens(tokens_pb2.ListTokensRequest(), metadata=await ci.bearer())
    assert [(each.name, each.creator) for each in listed.tokens] == [(given.token.name, f"trust:{trust.name}")]


async def test_both_forms_of_the_subject(ci: Ci) -> None:
    trust = await ci.trust()
    await ci.exchange(trust.trust_id, ci.token(trust))
    await ci.exchange(trust.trust_id, ci.token(trust, sub="repo:octo/app:ref:refs/heads/main"))


async def test_a_sign_in_that_comes_along_changes_nothing(ci: Ci) -> None:
    trust = await ci.trust()
    forged = (("x-paas-identity", "x"), ("x-paas-client-address", "198.51.100.7"), ("x-forwarded-for", "198.51.100.7"))
    for metadata in (forged, await ci.bearer(), (("authorization", "Bearer x"),)):
        request = request_of(trust.trust_id, ci.token(trust))
        await ci.users.ExchangeToken(request, metadata=metadata)
    assert {event.client_address for event in ci.events()} == {"127.0.0.1"}


async def test_a_token_is_exchanged_once(ci: Ci) -> None:
    trust, other = await ci.trust(), await ci.trust(audience="ours")
    token = ci.token(trust)
    await ci.exchange(trust.trust_id, token)
    await ci.refuses(trust.trust_id, token)
    assert ci.refusals(trust) == ["exchanged before"]
    again = ci.token(other, jti="the-same")
    await ci.exchange(other.trust_id, again)
    await ci.refuses(trust.trust_id, ci.token(trust, jti="the-same"))


async def test_one_of_circleci_has_no_id_and_is_exchanged_once_all_the_same(ci: Ci) -> None:
    trust = await ci.trust(provider="other", subject="job:7")
    token = ci.token(trust, sub="job:7", jti=...)
    await ci.exchange(trust.trust_id, token)
    await ci.refuses(trust.trust_id, token)
    assert ci.refusals(trust) == ["exchanged before"]


async def test_at_two_replicas_at_the_same_moment_one_gets_it(ci: Ci, tls: Certificates) -> None:
    trust = await ci.trust()
    second = replace(ci.settings, listen=free_address())
    async with (
        serving(second, await assemble(second)) as address,
        tls.channel(address, service="tokens", caller="gateway") as gateway,
    ):
        other = tokens_pb2_grpc.TrustsServiceStub(gateway)
        for _ in range(10):
            request = request_of(trust.trust_id, ci.token(trust))
            answers = await asyncio.gather(
                *(stub.ExchangeToken(request) for stub in (ci.users, other, ci.users, other)), return_exceptions=True
            )
            given = [each for each in answers if isinstance(each, tokens_pb2.ExchangeTokenResponse)]
            refused = [each for each in answers if isinstance(each, grpc.aio.AioRpcError)]
            assert (len(given), len(refused)) == (1, 3)
            assert {each.code() for each in refused} == {grpc.StatusCode.UNAUTHENTICATED}


async def test_what_was_exchanged_is_forgotten_once_it_has_ended(ci: Ci) -> None:
    trust = await ci.trust()
    await ci.exchange(trust.trust_id, ci.token(trust))
    assert _expire(ci) == 0
    ci.databases.look("tokens", "UPDATE exchanges SET expires_at = now() - interval '1 second'")
    assert _expire(ci) == 1
    assert ci.databases.look("tokens", "SELECT count(*) FROM exchanges") == [(0,)]


def _expire(ci: Ci) -> int:
    ((dropped,),) = ci.databases.look("tokens", EXPIRE, (500,))
    return int(dropped)


async def test_pull_requests_get_nothing_unless_the_trust_says_so(ci: Ci) -> None:
    subject = "repo:octo@123456/app@456789:*"
    trust = await ci.trust(subject=subject)
    allowing = await ci.trust(subject=subject, allow_pull_requests=True)
    for event in ("pull_request", "pull_request_target"):
        claims = {"event_name": event, "sub": "repo:octo@123456/app@456789:pull_request", "ref": "refs/pull/7/merge"}
        await ci.refuses(trust.trust_id, ci.token(trust, **claims))
        await ci.exchange(allowing.trust_id, ci.token(allowing, **claims))
    assert ci.refusals(trust)[0] == "pull request"


async def test_what_its_maker_lost_a_trust_does_not_give_any_more(ci: Ci) -> None:
    """The operator signs somebody in with another role: what they made before does no more than that."""
    trust = await ci.trust("bob@example.com")
    before = await ci.exchange(trust.trust_id, ci.token(trust))
    await ci.served.sign_in(user="bob@example.com", role="viewer")
    after = await ci.exchange(trust.trust_id, ci.token(trust))
    assert (before.scope, after.scope) == ("config.read config.write", "config.read")
    secrets = await ci.trust("cat@example.com", permissions=["secrets.reveal"])
    await ci.exchange(secrets.trust_id, ci.token(secrets))
    await ci.served.sign_in(user="cat@example.com", role="viewer")
    await ci.refuses(secrets.trust_id, ci.token(secrets))
    assert ci.refusals(secrets) == ["maker"]


async def test_the_identity_provider_is_asked_about_who_made_trusts_as_well(ci: Ci) -> None:
    """Somebody who has no token that is living, and two trusts: one that was limited before."""
    trust, other = await ci.trust(), await ci.trust(permissions=["secrets.reveal"])
    ci.databases.look("tokens", "UPDATE trusts SET maker_id = 'ann'")
    ci.databases.look("tokens", "UPDATE trusts SET maker_permissions = '{}' WHERE name = %s", (other.name,))
    may = frozenset({"config.read"})
    limit = MakerLimit(maker="", maker_id="ann", permissions=may)
    database = Database(ci.settings.database_url, password_file=ci.settings.database_password_file, service="tokens")
    async with AsyncExitStack() as stack:
        await database.open()
        stack.push_async_callback(database.close)
        nowhere = await stack.enter_async_context(grpc.aio.insecure_channel("127.0.0.1:1"))
        store = Store(database, WritePath(database, trail=Trail(database, nowhere)))
        (known,) = [maker async for some in store.makers() for maker in some]
        assert (known.tenant, known.maker_id, len(known.permissions)) == ("acme", "ann", 2)
        now = utc_now()
        await store.limit(
            "acme", "ann", now=now, decide=lambda found: decide_limit(found, limit, tenant="acme", now=now)
        )
        (known,) = [maker async for some in store.makers() for maker in some]
        assert known.may_just(may)
    assert (await ci.exchange(trust.trust_id, ci.token(trust))).scope == "config.read"
    await ci.refuses(other.trust_id, ci.token(other))


async def test_nobody_gives_what_they_do_not_have(ci: Ci) -> None:
    metadata = await ci.bearer("dan@example.com", role="developer")
    request = tokens_pb2.CreateTrustRequest(
        request_id=random_id(),
        name="x",
        issuer=ci.issuer.url,
        provider="github",
        subject="repo:octo@1/app@2:*",
        permissions=["audit.read"],
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ci.users.CreateTrust(request, metadata=metadata)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_no_token_makes_a_trust(ci: Ci) -> None:
    trust = await ci.trust(permissions=["tokens.manage"])
    given = await ci.exchange(trust.trust_id, ci.token(trust))
    request = tokens_pb2.CreateTrustRequest(request_id=random_id(), name="x", issuer=ci.issuer.url, subject="job:7")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ci.users.CreateTrust(request, metadata=(("authorization", f"Bearer {given.access_token}"),))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert ci.events("trusts.create")[-1].outcome == audit_pb2.OUTCOME_DENIED


async def test_a_trust_that_ends_takes_its_tokens_along(ci: Ci) -> None:
    trust, other = await ci.trust(permissions=["tokens.manage", "config.read"]), await ci.trust()
    given, beside = (
        await ci.exchange(trust.trust_id, ci.token(trust)),
        await ci.exchange(other.trust_id, ci.token(other)),
    )
    stub = tokens_pb2_grpc.TokensServiceStub(ci.edge)
    request = tokens_pb2.CreateTokenRequest(request_id=random_id(), name="below", permissions=["config.read"])
    below = await stub.CreateToken(request, metadata=(("authorization", f"Bearer {given.access_token}"),))
    ended = await ci.users.DeleteTrust(tokens_pb2.DeleteTrustRequest(trust=trust.name), metadata=await ci.bearer())
    assert (ended.trust.trust_id, ended.tokens) == (trust.trust_id, 2)
    for text in (given.access_token, below.secret):
        with pytest.raises(grpc.aio.AioRpcError):
            await ci.who(text)
    await ci.who(beside.access_token)
    await ci.refuses(trust.trust_id, ci.token(trust))
    assert list(ci.events("trusts.delete")[0].targets) == [trust.name]
    assert set(ci.events("tokens.revoke")[0].targets) == {"below", given.token.name}


async def test_a_sign_in_that_got_out_takes_its_trusts_along(ci: Ci) -> None:
    """Whoever had it could have made them, to have a way in later."""
    trust = await ci.trust("mal@example.com")
    given = await ci.exchange(trust.trust_id, ci.token(trust))
    stub = tokens_pb2_grpc.TokensServiceStub(ci.edge)
    report = tokens_pb2.ReportTokenRequest(secret=ci.people["mal@example.com"])
    await stub.ReportToken(report, metadata=await ci.bearer())
    await ci.refuses(trust.trust_id, ci.token(trust))
    with pytest.raises(grpc.aio.AioRpcError):
        await ci.who(given.access_token)
    assert list(ci.events("trusts.delete")[0].targets) == [trust.name]


async def test_a_new_sign_in_leaves_trusts_as_they_are(ci: Ci) -> None:
    trust = await ci.trust("bob@example.com")
    await ci.served.sign_in(user="bob@example.com", role="admin")
    await ci.exchange(trust.trust_id, ci.token(trust))


async def test_keys_that_cannot_be_had_are_told_apart_from_a_refusal(ci: Ci) -> None:
    trust = await ci.trust()
    token = ci.token(trust)
    with ci.issuer.wrong(Fault("jwks", "is away", status=500)), pytest.raises(grpc.aio.AioRpcError) as failed:
        await ci.exchange(trust.trust_id, token)
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    await ci.exchange(trust.trust_id, token)


async def test_a_request_that_is_sent_again_makes_no_second_trust(ci: Ci) -> None:
    request_id = random_id()
    first = await ci.trust(name="deploy", request_id=request_id)
    assert (await ci.trust(name="deploy", request_id=request_id)).trust_id == first.trust_id
    for name, request in (("other", request_id), ("deploy", random_id())):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ci.trust(name=name, request_id=request)
        assert refused.value.code() in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.ALREADY_EXISTS}
