"""Fetching the public keys that verify identities from tokens."""

from collections.abc import Mapping

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.channels import call
from paaskit.identity import KeySource


def keys_from(tokens_channel: grpc.aio.Channel) -> KeySource:
    """Return a source of keys that asks tokens over `tokens_channel`. It raises Unavailable where tokens is away."""
    stub = tokens_pb2_grpc.TokensInternalServiceStub(tokens_channel)

    async def fetch() -> Mapping[str, Ed25519PublicKey]:
        answer = await call(stub.GetSigningKeys, tokens_pb2.GetSigningKeysRequest(), service="tokens", timeout=2.0)
        return {key.key_id: Ed25519PublicKey.from_public_bytes(key.public_key) for key in answer.keys}

    return fetch
