"""Trusts of CI systems, as the person who looks may see, make and end them."""

from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.trusts.asked import AskedTrust


async def list_trusts(caller: Caller) -> list[tokens_pb2.Trust]:
    """Return those the person sees. Raises Refusal."""
    stub, found, page = tokens_pb2_grpc.TrustsServiceStub(caller.channel), list[tokens_pb2.Trust](), ""
    while True:
        answer = await caller.call(stub.ListTrusts, tokens_pb2.ListTrustsRequest(page_token=page))
        found += answer.trusts
        page = answer.next_page_token
        if not page:
            return found


async def create_trust(caller: Caller, asked: AskedTrust, *, request_id: str) -> tokens_pb2.Trust:
    """Make one. Raises Refusal."""
    request = tokens_pb2.CreateTrustRequest(
        request_id=request_id,
        name=asked.name,
        issuer=asked.issuer,
        provider=asked.provider,
        audience=asked.audience,
        subject=asked.subject,
        conditions=[tokens_pb2.Condition(claim=claim, value=value) for claim, value in asked.claims],
        allow_pull_requests=asked.allow_pull_requests,
        permissions=asked.permissions,
        apps=asked.apps,
    )
    request.ttl.seconds = asked.seconds
    return (await caller.call(tokens_pb2_grpc.TrustsServiceStub(caller.channel).CreateTrust, request)).trust


async def delete_trust(caller: Caller, trust: str) -> tokens_pb2.DeleteTrustResponse:
    """End one, and the tokens it gave. Raises Refusal."""
    stub = tokens_pb2_grpc.TrustsServiceStub(caller.channel)
    return await caller.call(stub.DeleteTrust, tokens_pb2.DeleteTrustRequest(trust=trust))


async def judge(caller: Caller, trust: str, token: str) -> tokens_pb2.TestTrustResponse:
    """Ask claim by claim whether a trust takes a token. Raises Refusal."""
    stub = tokens_pb2_grpc.TrustsServiceStub(caller.channel)
    return await caller.call(stub.TestTrust, tokens_pb2.TestTrustRequest(trust=trust, subject_token=token))
