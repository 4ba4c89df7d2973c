"""Asking tokens which of the tokens that streams were opened with have ended."""

from collections.abc import Collection
from itertools import islice
from typing import Final

import grpc
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.channels import call
from paaskit.gate.sessions import EndedTokens, TokenKey

# What one request may hold (tokens.proto).
_AT_ONCE: Final = 2000


def ended_from(tokens_channel: grpc.aio.Channel) -> EndedTokens:
    """Return what asks tokens over `tokens_channel`. It raises Unavailable where tokens is away."""
    stub = tokens_pb2_grpc.TokensInternalServiceStub(tokens_channel)

    async def ended(keys: Collection[TokenKey]) -> Collection[TokenKey]:
        found: list[TokenKey] = []
        going = iter(keys)
        while some := list(islice(going, _AT_ONCE)):
            request = tokens_pb2.FindEndedTokensRequest(
                tokens=[tokens_pb2.TokenKey(tenant=tenant, token_id=token_id) for tenant, token_id in some]
            )
            answer = await call(stub.FindEndedTokens, request, service="tokens", timeout=2.0)
            found += [(key.tenant, key.token_id) for key in answer.ended]
        return found

    return ended
