"""What is not exchanged, whatever is wrong answered alike, and why in the log of the trust's tenant.

Hundreds of tokens that are nearly right through the gateway; keys and signatures; other tenants, who learn nothing;
and that nothing is asked of an issuer for a stranger. The rules on ten thousand are tests/unit/tokens/trusts.
"""

import asyncio
import base64
import hmac
import json
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from paas.audit.v1 import audit_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id
from services.tokens.trusts import budget
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.tokens.trusts.conftest import Ci, request_of

# Each has a gateway of its own; what is refused, and why, is told by the rules as well (tests/unit/tokens/trusts).
pytestmark = pytest.mark.thorough


def _part(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


@pytest.mark.usefixtures("many_refusals", "short_windows")
async def test_hundreds_of_near_misses_are_refused_each_with_its_reason_in_the_log(ci: Ci) -> None:
    trust = await ci.trust(conditions=[tokens_pb2.Condition(claim="ref", value="refs/heads/main")])
    now = int(ci.issuer.clock().timestamp())
    near: list[tuple[dict[str, Any], str]] = [
        ({"iss": f"{ci.issuer.url}/"}, "issuer"),
        ({"iss": ci.issuer.url[:-1]}, "issuer"),
        ({"aud": f"{trust.audience}0"}, "audience"),
        ({"aud": [trust.audience, "sigstore"]}, "audience"),
        ({"sub": "repo:octo@123457/app@456789:ref:refs/heads/main"}, "subject"),
        ({"sub": "repo:octo@123456/app@456789:ref:refs/heads/main2"}, "subject"),
        ({"repository_id": "45678"}, "claim repository_id"),
        ({"repository_owner_id": "x"}, "claim repository_owner_id"),
        ({"ref": "refs/heads/Main"}, "claim ref"),
        ({"exp": now - 60, "iat": now - 120}, "ended"),
        ({"iat": now + 3600, "exp": now + 7200}, "time"),
        ({"nbf": now + 3600}, "time"),
        ({"exp": now + 90_000}, "lifetime"),
        ({"jti": ""}, "jti"),
        ({"event_name": "pull_request_target"}, "pull request"),
    ]
    for _ in range(20):
        for claims, _reason in near:
            await ci.refuses(trust.trust_id, ci.token(trust, **claims))
        # Of one address the gateway lets 256 through in a second (gateway/sign_ins.lua).
        await asyncio.sleep(0.1)
    # The first of each kind is an event of its own, and what was the same within a window is counted in one.
    await until(lambda: _counted(ci) == 20 * len(near))
    assert set(ci.refusals(trust)) == {reason for _, reason in near}
    assert {event.outcome for event in ci.events()} == {audit_pb2.OUTCOME_DENIED}


def _counted(ci: Ci) -> int:
    return sum(1 + event.repeats if not event.repeats else event.repeats for event in ci.events())


async def test_each_reason_by_itself(ci: Ci) -> None:
    now = int(ci.issuer.clock().timestamp())
    for claims, reason in (
        ({"iss": "https://ci.example.com"}, "issuer"),
        ({"aud": "paas-trust:0"}, "audience"),
        ({"sub": "repo:octo@123456/app@456789:environment:prod"}, "subject"),
        ({"repository_id": "45678"}, "claim repository_id"),
        ({"exp": now - 60, "iat": now - 120}, "ended"),
        ({"iat": now + 3600, "exp": now + 7200}, "time"),
        ({"exp": now + 90_000}, "lifetime"),
        ({"jti": ...}, "jti"),
        ({"event_name": "pull_request"}, "pull request"),
    ):
        trust = await ci.trust()
        await ci.refuses(trust.trust_id, ci.token(trust, **claims))
        assert ci.refusals(trust) == [reason]
        (event,) = [each for each in ci.events() if each.token_id == trust.trust_id]
        assert (event.action, event.outcome) == ("tokens.exchange", audit_pb2.OUTCOME_DENIED)
        assert bool(event.on_behalf_of) == (reason != "issuer"), "only whose token it is for certain is told"


@pytest.mark.usefixtures("many_refusals")
async def test_texts_that_the_issuer_did_not_sign(ci: Ci) -> None:
    trust = await ci.trust()
    good = ci.token(trust)
    head, body, signature = good.split(".")
    key = ci.issuer.keys.newest
    public = key.private.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(good, options={"verify_signature": False})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def signed_by_hand(algorithm: str, secret: bytes) -> str:
        text = f"{_part({'alg': algorithm, 'kid': key.kid})}.{body}"
        digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[algorithm]
        mac = hmac.digest(secret, text.encode(), digest)
        return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    # Whole, and signed by the issuer, but for one claim that is there twice.
    twice = json.dumps({**claims, "jti": "twice"}).replace('"aud"', '"aud": "x", "aud"')
    texts = (
        (jwt.api_jws.encode(twice.encode(), key.private, algorithm="RS256", headers={"kid": key.kid}), "form"),
        (f"{_part({'alg': 'none', 'kid': key.kid})}.{body}.", "form"),
        (f"{_part({'alg': 'none', 'kid': key.kid})}.{body}.{signature}", "form"),
        (signed_by_hand("HS256", pem), "form"),
        (signed_by_hand("HS512", json.dumps(key.jwk).encode()), "form"),
        (ci.token(trust, header={"jku": ci.issuer.url}), "form"),
        (ci.token(trust, header={"jwk": key.jwk}), "form"),
        (ci.token(trust, header={"crit": ["exp"]}), "form"),
        (ci.token(trust, header={"x5u": ci.issuer.url}), "form"),
        (f"{good}==", "form"),
        (f"{head}.{_part([claims])}.{signature}", "form"),
        (f"{head}.{base64.urlsafe_b64encode(b'{' * 9000).decode().rstrip('=')}.{signature}", "form"),
        (ci.token(trust, header={"kid": "another"}), "key"),
        (ci.token(trust, header={"kid": "for-encryption"}), "key"),
        (jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": key.kid}), "signature"),
        (jwt.encode(claims, key.private, algorithm="PS256", headers={"kid": key.kid}), "signature"),
        (f"{head}.{_part({**claims, 'jti': 'x'})}.{signature}", "signature"),
        (f"{head}.{body}.{signature[:50]}{'A' if signature[50] != 'A' else 'B'}{signature[51:]}", "signature"),
        (f"{head}.{body}.AAAA", "signature"),
    )
    for number, (text, reason) in enumerate(texts):
        fresh = await ci.trust(audience=trust.audience)
        await ci.refuses(fresh.trust_id, text)
        assert (number, ci.refusals(fresh)) == (number, [reason])
    await ci.exchange(trust.trust_id, good)


async def test_nothing_is_asked_of_anybody_for_a_stranger(ci: Ci) -> None:
    trust = await ci.trust()
    token = ci.token(trust)
    for trust_id in (random_id(), "0" * 32, "x", trust.name, trust.trust_id.upper(), "*"):
        await ci.refuses(trust_id, token)
    await ci.refuses(trust.trust_id, ci.token(trust, iss="https://ci.example.com"))
    await ci.refuses(trust.trust_id, f"{token}=")
    assert not ci.issuer.requests
    assert ci.refusals(trust)[0] == "issuer"


async def test_a_trust_of_another_tenant_and_none_are_answered_alike(ci: Ci, rival: Any) -> None:
    trust = await ci.trust()
    token = ci.token(trust)
    ids = (trust.trust_id, trust.name, random_id(), "none")
    tests = [tokens_pb2.TestTrustRequest(trust=each, subject_token=token) for each in ids]
    ends = [tokens_pb2.DeleteTrustRequest(trust=each) for each in ids]
    asked: list[tuple[Any, list[Any]]] = [(ci.users.TestTrust, tests), (ci.users.DeleteTrust, ends)]
    for method, requests in asked:
        answers = set()
        for request in requests:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await method(request, metadata=rival)
            answers.add((refused.value.code(), refused.value.details(), repr(refused.value.trailing_metadata())))
        assert len(answers) == 1
        assert next(iter(answers))[0] is grpc.StatusCode.NOT_FOUND
    assert not (await ci.users.ListTrusts(tokens_pb2.ListTrustsRequest(), metadata=rival)).trusts
    own = await ci.trust("eve@example.com", tenant="rival", name=trust.name)
    assert own.name == trust.name, "a name is taken within a tenant alone"
    await ci.exchange(trust.trust_id, token)


async def test_who_makes_a_trust_sees_their_own_and_an_admin_all(ci: Ci) -> None:
    bob = await ci.bearer("bob@example.com", role="developer")
    mine, theirs = await ci.trust(), await ci.trust("bob@example.com")
    names = [each.name for each in (await ci.users.ListTrusts(tokens_pb2.ListTrustsRequest(), metadata=bob)).trusts]
    assert names == [theirs.name]
    everybodys = await ci.users.ListTrusts(tokens_pb2.ListTrustsRequest(), metadata=await ci.bearer())
    assert [each.name for each in everybodys.trusts] == [mine.name, theirs.name]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ci.users.DeleteTrust(tokens_pb2.DeleteTrustRequest(trust=mine.trust_id), metadata=bob)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_test_says_claim_by_claim_and_uses_nothing_up(ci: Ci) -> None:
    trust = await ci.trust()
    token = ci.token(trust)
    for _ in range(3):
        answer = await ci.test(trust, token)
        assert answer.accepted, [each for each in answer.verdicts if not each.passed]
    assert not ci.events()
    await ci.exchange(trust.trust_id, token)
    used = await ci.test(trust, token)
    assert [each.about for each in used.verdicts if not each.passed] == ["exchanged before"]
    wrong = await ci.test(trust, ci.token(trust, repository_id="1", event_name="pull_request"))
    assert not wrong.accepted
    told = {each.about: (each.expected, each.found) for each in wrong.verdicts if not each.passed}
    assert told["repository_id"] == ("456789", "1")
    assert told["pull request"] == ("none", "event_name: pull_request")
    elsewhere = await ci.test(trust, ci.token(trust, iss="https://ci.example.com"))
    assert {each.about for each in elsewhere.verdicts if not each.passed} == {"iss"}
    assert "signature" not in {each.about for each in elsewhere.verdicts}
    assert not (await ci.test(trust, "a.b.c")).accepted
    assert len(ci.events()) == 1, "one exchange"


async def test_who_is_refused_often_is_told_to_slow_down(ci: Ci, monkeypatch: pytest.MonkeyPatch) -> None:
    # Or the window of ten seconds may be over in between.
    monkeypatch.setattr(budget, "WINDOW_SECONDS", 10 * PATIENCE)
    trust = await ci.trust()
    for _ in range(budget.MOST_REFUSED):
        await ci.refuses(random_id(), ci.token(trust))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ci.exchange(trust.trust_id, ci.token(trust))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await ci.who((await ci.bearer())[0][1].removeprefix("Bearer "))).tenant == "acme"


@pytest.mark.parametrize(
    "changed",
    [
        {"grant_type": ""},
        {"grant_type": "client_credentials"},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:access_token"},
        {"subject_token": "x"},
        {"subject_token": ""},
        {"trust": ""},
    ],
)
async def test_what_is_no_exchange_is_told_what_is_wrong(ci: Ci, changed: dict[str, str]) -> None:
    trust = await ci.trust()
    request = request_of(trust.trust_id, ci.token(trust), **changed)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ci.users.ExchangeToken(request)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert next(iter(changed)) in str(refused.value.details())
