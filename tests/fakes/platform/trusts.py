"""Trusts, and tokens in exchange for those of CI jobs."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from paas.tokens.v1 import tokens_pb2 as p

from tests.fakes.gateway import Fault
from tests.fakes.platform.state import NOW, Platform

GIVEN = "paas_pat_" + "C" * 36
"""What is given for whatever token a job shows."""


def create_trust(platform: Platform, request: Any) -> Any:
    trust_id = f"{len(platform.trusts) + 1:032x}"
    trust = p.Trust(
        trust_id=trust_id,
        name=request.name,
        issuer=request.issuer,
        provider=request.provider or "github",
        audience=request.audience or f"paas-trust:{trust_id}",
        subject=request.subject,
        conditions=request.conditions,
        allow_pull_requests=request.allow_pull_requests,
        permissions=request.permissions or ["config.read"],
        apps=request.apps,
        created_at=NOW,
        creator="user:ada@example.com",
    )
    trust.ttl.seconds = request.ttl.seconds or 900
    platform.trusts[request.name] = trust
    return p.CreateTrustResponse(trust=trust)


def list_trusts(platform: Platform, _: Any) -> Any:
    return p.ListTrustsResponse(trusts=list(platform.trusts.values()))


def delete_trust(platform: Platform, request: Any) -> Any:
    if request.trust not in platform.trusts:
        raise Fault(5, "There is no such trust.", reason="TRUST_NOT_FOUND")
    return p.DeleteTrustResponse(trust=platform.trusts.pop(request.trust), tokens=2)


def test_trust(platform: Platform, request: Any) -> Any:
    verdicts = [p.Verdict(about="iss", passed=True, expected="https://ci.example", found="https://ci.example")]
    accepted = request.subject_token.startswith("good")
    if not accepted:
        verdicts.append(p.Verdict(about="repository_id", passed=False, expected="456789", found="1\x1b[31m"))
    return p.TestTrustResponse(accepted=accepted, verdicts=verdicts)


def exchange_token(platform: Platform, request: Any) -> Any:
    if request.trust not in {trust.trust_id for trust in platform.trusts.values()}:
        raise Fault(16, "This token is not accepted here.", reason="NOT_ACCEPTED")
    platform.gateway.tokens.add(GIVEN)
    token = p.Token(token_id="c1", name="ci:app:c1", permissions=["config.read"], created_at=NOW, creator="trust:app")
    token.expires_at.CopyFrom(Timestamp(seconds=NOW.seconds + 900))
    return p.ExchangeTokenResponse(access_token=GIVEN, token_type="Bearer", expires_in=900, token=token)


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {
        "CreateTrust": create_trust,
        "ListTrusts": list_trusts,
        "DeleteTrust": delete_trust,
        "TestTrust": test_trust,
        "ExchangeToken": exchange_token,
    }
    platform.serve(p.DESCRIPTOR.services_by_name["TrustsService"], handlers)
    platform.gateway.for_anybody.add("/paas.tokens.v1.TrustsService/ExchangeToken")
