"""Tokens, as the person who looks may see, make and end them."""

from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.tokens.asked import Asked


async def list_tokens(caller: Caller) -> list[tokens_pb2.Token]:
    """Return the living tokens that the person sees. Raises Refusal."""
    stub, found, page = tokens_pb2_grpc.TokensServiceStub(caller.channel), list[tokens_pb2.Token](), ""
    while True:
        answer = await caller.call(stub.ListTokens, tokens_pb2.ListTokensRequest(page_token=page))
        found += answer.tokens
        page = answer.next_page_token
        if not page:
            return found


async def create_token(caller: Caller, asked: Asked, *, request_id: str) -> tokens_pb2.CreateTokenResponse:
    """Make a token. Raises Refusal."""
    request = tokens_pb2.CreateTokenRequest(
        request_id=request_id, name=asked.name, permissions=asked.permissions, apps=asked.apps
    )
    request.ttl.seconds = asked.seconds
    return await caller.call(tokens_pb2_grpc.TokensServiceStub(caller.channel).CreateToken, request)


async def rotate_token(
    caller: Caller, token: str, *, request_id: str, overlap_seconds: int
) -> tokens_pb2.RotateTokenResponse:
    """Give a token a new text, and the one before an end. Raises Refusal."""
    request = tokens_pb2.RotateTokenRequest(request_id=request_id, token=token)
    request.overlap.seconds = overlap_seconds
    return await caller.call(tokens_pb2_grpc.TokensServiceStub(caller.channel).RotateToken, request)


async def revoke_token(caller: Caller, token: str) -> tokens_pb2.RevokeTokenResponse:
    """End a token, by its id, or by its name with those it was rotated from. Raises Refusal."""
    stub = tokens_pb2_grpc.TokensServiceStub(caller.channel)
    return await caller.call(stub.RevokeToken, tokens_pb2.RevokeTokenRequest(token=token))
