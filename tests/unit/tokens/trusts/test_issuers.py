"""Whose keys are fetched, and from where: an issuer on a real socket, and what it may say of itself.

Covers discovery, how often it is asked, keys that rotate and are away. Which text verifies under a key is
tests/abuse's and tests/unit/tokens/sso's.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from paaskit.errors import Unavailable
from services.tokens.sso.server import open_client
from services.tokens.trusts.issuers import AllowedIssuers, Issuers
from tests.fakes.oidc_issuer import Fault, OidcIssuer
from tests.fixtures.waiting import until


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[OidcIssuer]:
    with OidcIssuer(tmp_path / "issuer") as issuer:
        yield issuer


@pytest.fixture
async def issuers(issuer: OidcIssuer) -> AsyncIterator[Issuers]:
    async with open_client(issuer.ca_file) as client:
        yield Issuers(client, allowed=AllowedIssuers([issuer.url]), clock=issuer.clock)


async def test_a_key_is_found_by_discovery_and_kept(issuer: OidcIssuer, issuers: Issuers) -> None:
    kid = issuer.keys.newest.kid
    for _ in range(5):
        key = await issuers.key(issuer.url, kid)
        assert key is not None
        assert key.algorithm == "RS256"
    assert (issuer.requests["discovery"], issuer.requests["jwks"]) == (1, 1)
    newer = issuer.keys.rotate().kid
    issuer.clock.advance(seconds=11)
    assert await issuers.key(issuer.url, newer) is not None
    assert await issuers.key(issuer.url, kid) is not None


async def test_nothing_is_asked_of_an_issuer_that_is_not_listed(issuer: OidcIssuer, issuers: Issuers) -> None:
    for other in (f"{issuer.url}/", issuer.url[:-1], issuer.url.replace("localhost", "127.0.0.1"), ""):
        assert await issuers.key(other, issuer.keys.newest.kid) is None
    assert not issuer.requests


async def test_ten_thousand_unknown_keys_are_six_fetches_at_most(issuer: OidcIssuer, issuers: Issuers) -> None:
    for number in range(10_000):
        assert await issuers.key(issuer.url, f"unknown-{number}") is None
        issuer.clock.advance(seconds=0.005)
    assert 1 <= issuer.requests["discovery"] <= 6
    assert 1 <= issuer.requests["jwks"] <= 6


@pytest.mark.parametrize(
    "changed",
    [
        lambda told: {**told, "issuer": told["issuer"] + "/"},
        lambda told: {**told, "issuer": told["issuer"][:-1]},
        lambda told: {**told, "issuer": "https://token.actions.githubusercontent.com"},
        lambda told: {name: value for name, value in told.items() if name != "issuer"},
        lambda told: {**told, "jwks_uri": told["jwks_uri"].replace("https://", "http://")},
        lambda told: {**told, "jwks_uri": told["jwks_uri"].replace("localhost", "127.0.0.1")},
        lambda told: {**told, "jwks_uri": "file:///etc/passwd"},
        lambda told: {**told, "jwks_uri": "data:application/json,{}"},
        lambda told: {**told, "jwks_uri": "https://["},
        lambda told: {**told, "jwks_uri": ["x"]},
        lambda told: {},
    ],
)
async def test_an_issuer_that_describes_itself_wrongly_has_no_keys(
    issuer: OidcIssuer, issuers: Issuers, changed: Any
) -> None:
    with issuer.wrong(Fault("discovery", "says something else", changed=changed)), pytest.raises(Unavailable):
        await issuers.key(issuer.url, issuer.keys.newest.kid)
    assert issuer.requests["jwks"] == 0
    assert await issuers.key(issuer.url, issuer.keys.newest.kid) is not None


@pytest.mark.parametrize("endpoint", ["discovery", "jwks"])
@pytest.mark.parametrize("how", [{"status": 500}, {"location": "https://localhost/elsewhere"}, {"dropped": True}])
async def test_keys_that_cannot_be_had(
    issuer: OidcIssuer, issuers: Issuers, endpoint: str, how: dict[str, Any]
) -> None:
    with issuer.wrong(Fault(endpoint, "is away", **how)), pytest.raises(Unavailable):
        await issuers.key(issuer.url, issuer.keys.newest.kid)
    kid = issuer.keys.newest.kid
    assert await issuers.key(issuer.url, kid) is not None
    asked = issuer.requests[endpoint]
    with issuer.wrong(Fault(endpoint, "is away", **how)):
        issuer.clock.advance(minutes=10)
        assert await issuers.key(issuer.url, kid) is not None, "keys that are known stay"
        await until(lambda: issuer.requests[endpoint] > asked)


async def test_an_issuer_that_hangs_takes_the_room_of_few(issuer: OidcIssuer, issuers: Issuers) -> None:
    with issuer.wrong(Fault("discovery", "lags", lags=True)):
        waiting = [asyncio.create_task(issuers.key(issuer.url, "x")) for _ in range(4)]
        await until(lambda: issuer.requests["discovery"] == 1)
        for _ in range(20):
            with pytest.raises(Unavailable):
                await issuers.key(issuer.url, "x")
        assert not any(each.done() for each in waiting)
    assert await asyncio.gather(*waiting) == [None] * 4
