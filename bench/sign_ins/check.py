"""The sign-in check with an access token of an identity provider, against one with a token of ours, both hot."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2, external_auth_pb2_grpc

from bench.load import Ratio, at_least, compare_rates
from bench.platform import Bench
from tests.fakes.oidc_issuer import OidcIssuer

_IN_FLIGHT = 16


@contextmanager
def issuer_for_the_stack(folder: Path) -> Iterator[OidcIssuer]:
    """An issuer that a stack that is started in the block takes access tokens of."""
    folder.mkdir()
    with OidcIssuer(folder) as issuer:
        told = issuer.told_to_services()
        os.environ.update(told)
        try:
            yield issuer
        finally:
            for name in told:
                del os.environ[name]


async def check(bench: Bench, issuer: OidcIssuer) -> Ratio:
    """A check from tokens' memory, of each kind."""
    stub = external_auth_pb2_grpc.AuthorizationStub(bench.check_channel())
    person = issuer.add_user("bench", tenant="bench", roles=("admin",))
    signed_in, stored = _asked(issuer.access_token(person)), _asked(bench.token)
    for request in (signed_in, stored):
        assert (await stub.Check(request)).HasField("ok_response"), "nobody was let in"

    async def ours(_: int) -> Any:
        return await stub.Check(signed_in)

    async def theirs(_: int) -> Any:
        return await stub.Check(stored)

    return at_least(
        await compare_rates(ours, theirs, in_flight=_IN_FLIGHT),
        measure="sign-in check with a JWT, 16 in flight",
        against="the same with a hot PAT",
        unit="req/s",
        reach=0.8,
    )


def _asked(credential: str) -> external_auth_pb2.CheckRequest:
    http = attribute_context_pb2.AttributeContext.HttpRequest(headers={"authorization": f"Bearer {credential}"})
    asked = attribute_context_pb2.AttributeContext.Request(http=http)
    return external_auth_pb2.CheckRequest(attributes=attribute_context_pb2.AttributeContext(request=asked))
