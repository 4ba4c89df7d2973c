"""From which address somebody calls: that of the connection, or what the dashboard says, and nobody else."""

import pytest
from envoy.service.auth.v3 import external_auth_pb2

from services.tokens.check.authentication import SignedIn, SignInCheck
from services.tokens.check.authorization import AuthorizationServicer

CONNECTION, SAID = "192.0.2.1", "198.51.100.7"


class _Check(SignInCheck):
    """Lets nobody in, and keeps from where it was asked."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    async def check(self, unverified_headers: object, *, client_address: str) -> SignedIn | None:
        self.addresses.append(client_address)
        return None


async def _address(principal: str, *said: str) -> str:
    request, check = external_auth_pb2.CheckRequest(), _Check()
    request.attributes.source.principal = principal
    request.attributes.source.address.socket_address.address = CONNECTION
    for each in said:
        header = request.attributes.request.http.header_map.headers.add()
        header.key, header.raw_value = "X-Forwarded-For", each.encode()
    await AuthorizationServicer(check).Check(request, None)
    (address,) = check.addresses
    return address


async def test_the_dashboard_says_from_where_its_visitors_come() -> None:
    assert await _address("spiffe://paas/dashboard", SAID) == SAID


@pytest.mark.parametrize(
    "principal",
    ["", "spiffe://paas/gateway", "spiffe://paas/operator", "spiffe://paas/dashboard2", "spiffe://elsewhere/dashboard"],
)
async def test_nobody_else_does(principal: str) -> None:
    assert await _address(principal, SAID) == CONNECTION


@pytest.mark.parametrize("said", [(), (SAID, CONNECTION)])
async def test_what_it_does_not_say_once_does_not_count(said: tuple[str, ...]) -> None:
    assert await _address("spiffe://paas/dashboard", *said) == CONNECTION
