"""Whose access tokens are accepted, and which are not.

On the keys of an issuer that is reached over https. Covers the claims one by one, keys that change, keys that can't be
had, and how often they are asked for. Real Keycloak is tests/keycloak's; a token's form is tests/abuse's.
"""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from paaskit import metrics
from paaskit.access import ROLES
from paaskit.errors import Unavailable
from paaskit.identity import ProviderSession
from paaskit.rotating_keys import RotatingKeys
from services.tokens.sso.authentication import ProviderAuthenticator
from services.tokens.sso.claims import SKEW, Person
from services.tokens.sso.keys import ProviderKey, fetch_keys
from services.tokens.sso.provider import Provider
from services.tokens.token import Accepted, Principal
from tests.fakes.oidc_issuer import Fault, OidcIssuer, User
from tests.fixtures.waiting import PATIENCE


class People:
    """Notes who came."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str]] = []

    def seen(self, person: Person, *, client_address: str) -> None:
        self.came.append((person.user, client_address))


class Door:
    """Who is let in by the provider's tokens. Its clock is the issuer's, some `ahead` of it."""

    def __init__(self, issuer: OidcIssuer, provider: Provider, client: httpx.AsyncClient) -> None:
        self.ahead = timedelta()
        self.people = People()
        self.wrong: list[str] = []
        self._issuer = issuer
        keys: RotatingKeys[ProviderKey] = RotatingKeys(
            lambda: fetch_keys(client, provider.jwks_url), clock=self.clock, fetch_every=timedelta(minutes=5)
        )
        self._authenticator = ProviderAuthenticator(provider, keys, people=self.people, count_wrong=self._count)

    def clock(self) -> Any:
        return self._issuer.clock() + self.ahead

    def _count(self, reason: str, *, client_address: str) -> None:
        self.wrong.append(reason)

    async def knock(self, token: str) -> Accepted | None:
        assert self._authenticator.recognises(token)
        return await self._authenticator.authenticate(token, now=self.clock(), client_address="203.0.113.9")

    async def lets_in(self, token: str) -> Principal:
        accepted = await self.knock(token)
        assert accepted is not None
        return accepted.principal

    async def refuses(self, token: str, reason: str) -> None:
        """Check that it is not accepted, and that those who run this are told why."""
        counter = metrics.SIGN_INS_REFUSED.labels(reason)
        before = counter._value.get()
        assert await self.knock(token) is None
        assert counter._value.get() == before + 1, f"it was not refused for its {reason}"


@pytest.fixture
def door(issuer: OidcIssuer, provider: Provider, client: httpx.AsyncClient) -> Door:
    return Door(issuer, provider, client)


async def test_who_signed_in_is_who_the_claims_say(door: Door, issuer: OidcIssuer, ann: User) -> None:
    grant = issuer.grant(ann)
    accepted = await door.knock(grant.access_token)
    assert accepted is not None
    person = accepted.principal
    assert (person.tenant, person.subject, person.kind, person.maker) == ("acme", "user:ann", "user", "")
    assert (person.permissions, person.apps) == (ROLES["developer"], None)
    assert person.origin == ProviderSession(session_id=grant.session.sid, person_id=ann.subject)
    assert timedelta() < person.expires_at - door.clock() <= timedelta(minutes=5)
    assert 0 < accepted.holds_seconds <= 1
    assert door.people.came == [("ann", "203.0.113.9")]


async def test_what_any_of_the_roles_may_do_and_no_more(door: Door, issuer: OidcIssuer, ann: User) -> None:
    for roles in (("viewer", "developer"), ("offline_access", "viewer"), ("uma_authorization",), ()):
        ann.roles = roles
        permissions = frozenset[str]().union(*(ROLES.get(role, frozenset()) for role in roles))
        assert (await door.lets_in(issuer.access_token(ann))).permissions == permissions


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"typ": "ID"}, "type"),
        ({"typ": "Refresh"}, "type"),
        ({"typ": None}, "type"),
        ({"azp": "account"}, "client"),
        ({"azp": ["paas-cli"]}, "client"),
        ({"azp": None}, "client"),
        ({"aud": "paas-ap"}, "signature"),
        ({"aud": ["account", "paas-api2"]}, "signature"),
        ({"aud": None}, "signature"),
        ({"iss": "https://localhost"}, "signature"),
        ({"sub": None}, "signature"),
        ({"iat": None}, "signature"),
        ({"exp": None}, "signature"),
        ({"sid": None}, "session"),
        ({"sid": ""}, "session"),
        ({"sid": "s" * 49}, "session"),
        ({"sid": "a\nb"}, "session"),
        ({"sub": "p" * 49}, "session"),
        ({"tenant": None}, "tenant"),
        ({"tenant": ""}, "tenant"),
        ({"tenant": "Acme"}, "tenant"),
        ({"tenant": ["acme"]}, "tenant"),
        ({"tenant": "acme\n"}, "tenant"),
        ({"preferred_username": None}, "user"),
        ({"preferred_username": "ann\0"}, "user"),
        ({"preferred_username": "paas_pat_x"}, "user"),
    ],
)
async def test_a_claim_that_is_another_is_refused(
    door: Door, issuer: OidcIssuer, ann: User, claims: dict[str, Any], reason: str
) -> None:
    missing = [name for name, value in claims.items() if value is None]
    given = {name: value for name, value in claims.items() if value is not None}
    await door.refuses(issuer.access_token(ann, claims=given, without=missing), reason)
    await door.lets_in(issuer.access_token(ann))
    assert door.wrong == ["malformed"]


@pytest.mark.parametrize("change", ["{}/", "{}2", "x{}", "{}/..", "https://evil.example/{}"])
async def test_an_issuer_that_is_nearly_ours_is_another(door: Door, issuer: OidcIssuer, ann: User, change: str) -> None:
    """CVE-2024-53861: a prefix, a suffix or something longer is not the issuer."""
    await door.refuses(issuer.access_token(ann, claims={"iss": change.format(issuer.url)}), "signature")
    await door.refuses(issuer.access_token(ann, claims={"iss": issuer.url[:-1]}), "signature")


async def test_other_tokens_of_the_issuer_are_no_way_in(door: Door, issuer: OidcIssuer, ann: User) -> None:
    issuer.add_robot("paas-robot")
    grant = issuer.grant(ann)
    # An ID token is for the client, and a program's token has no person's session.
    await door.refuses(grant.id_token, "signature")
    await door.refuses(grant.refresh_token, "signature")
    await door.refuses(issuer.service_token("paas-robot"), "client")


async def test_nothing_is_believed_of_what_the_header_brings_along(door: Door, issuer: OidcIssuer, ann: User) -> None:
    own = {"jku": f"{issuer.url}/certs", "x5u": f"{issuer.url}/certs", "jwk": issuer.keys.newest.jwk, "crit": ["exp"]}
    for name, value in own.items():
        await door.refuses(issuer.access_token(ann, header={name: value}), "signature")


async def test_another_algorithm_than_the_keys_own_is_refused(door: Door, issuer: OidcIssuer, ann: User) -> None:
    """CVE-2026-48526: a public key is no shared secret, in none of its forms; and a key has one algorithm."""
    token, key = issuer.access_token(ann), issuer.keys.newest
    claims = jwt.decode(token, options={"verify_signature": False})
    public = key.private.public_key()
    forms = [
        public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
        for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
    ] + [json.dumps(key.jwk).encode()]
    await door.lets_in(token)
    body = token.split(".")[1]
    for secret in forms:
        for algorithm in ("HS256", "HS384", "HS512"):
            header = _part({"alg": algorithm, "kid": key.kid, "typ": "JWT"})
            signature = jwt.algorithms.HMACAlgorithm(getattr(jwt.algorithms.HMACAlgorithm, f"SHA{algorithm[2:]}"))
            signed = signature.sign(f"{header}.{body}".encode(), secret)
            await door.refuses(f"{header}.{body}.{_text(signed)}", "signature")
    await door.refuses(f"{_part({'alg': 'none', 'kid': key.kid})}.{body}.{_text(b'x')}", "signature")
    for algorithm in ("PS256", "RS512"):
        other = jwt.encode(claims, key.private, algorithm=algorithm, headers={"kid": key.kid})
        await door.refuses(other, "signature")


async def test_a_token_ends_on_time_and_never_lives_longer_than_five_minutes(
    door: Door, issuer: OidcIssuer, ann: User
) -> None:
    now = int(door.clock().timestamp())
    await door.refuses(issuer.access_token(ann, claims={"iat": now, "exp": now + 301}), "lifetime")
    token = issuer.access_token(ann, claims={"iat": now, "exp": now + 300})
    await door.lets_in(token)
    issuer.clock.advance(seconds=301)
    await door.refuses(token, "ended")
    assert door.wrong == ["malformed", "ended"]


async def test_the_issuers_clock_may_be_a_little_ahead(door: Door, issuer: OidcIssuer, ann: User) -> None:
    door.ahead = -SKEW + timedelta(seconds=1)
    await door.lets_in(issuer.access_token(ann))
    door.ahead = -SKEW - timedelta(seconds=2)
    await door.refuses(issuer.access_token(ann), "time")
    door.ahead = timedelta()
    later = int(door.clock().timestamp()) + 60
    await door.refuses(issuer.access_token(ann, claims={"nbf": later}), "signature")
    await door.refuses(issuer.access_token(ann, claims={"exp": 10**30}), "time")


async def test_keys_are_fetched_once_however_many_come_and_whatever_they_name(
    door: Door, issuer: OidcIssuer, ann: User
) -> None:
    """10,000 unknown ids of keys in a minute are six fetches at most."""
    good = issuer.access_token(ann)
    for number in range(10_000):
        header = _part({"alg": "RS256", "kid": f"unknown-{number}", "typ": "JWT"})
        assert await door.knock(f"{header}.{good.partition('.')[2]}") is None
        if number % 2_000 == 0:
            issuer.clock.advance(seconds=12)
    assert issuer.requests["jwks"] <= 6
    await door.lets_in(good)


async def test_a_new_key_is_found_and_one_that_was_taken_back_is_forgotten(
    door: Door, issuer: OidcIssuer, ann: User
) -> None:
    old = issuer.access_token(ann)
    await door.lets_in(old)
    issuer.clock.advance(seconds=11)
    issuer.keys.rotate(keep_old=True)
    await door.lets_in(issuer.access_token(ann))
    await door.lets_in(old)
    stolen = issuer.keys.newest
    issuer.keys.rotate(keep_old=False)
    issuer.clock.advance(minutes=6)

    async def still_trusted() -> bool:
        """Whether somebody with the old key gets in. Only the keys' age has them fetched: no new id is shown."""
        claims = jwt.decode(issuer.access_token(ann), options={"verify_signature": False})
        return await door.knock(jwt.encode(claims, stolen.private, "RS256", headers={"kid": stolen.kid})) is not None

    async with asyncio.timeout(PATIENCE):
        while await still_trusted():
            await asyncio.sleep(0.01)


async def test_known_keys_are_good_while_the_issuer_is_away_and_without_any_nobody_is_told_no(
    door: Door, issuer: OidcIssuer, ann: User
) -> None:
    token = issuer.access_token(ann)
    issuer.stop()
    with pytest.raises(Unavailable, match="identity provider can't be reached"):
        await door.knock(token)
    issuer.start()
    await door.lets_in(token)
    issuer.stop()
    issuer.clock.advance(seconds=15)
    header = _part({"alg": "RS256", "kid": "unknown", "typ": "JWT"})
    await door.refuses(f"{header}.{token.partition('.')[2]}", "key")
    await door.lets_in(issuer.access_token(ann))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("jwks", "is away", status=500),
        Fault("jwks", "leads elsewhere", location="https://evil.example/certs"),
        Fault("jwks", "has none", changed=lambda _: {"keys": []}),
        Fault("jwks", "is a list", changed=lambda _: [1]),  # type: ignore[arg-type,return-value]  # as it may be
        Fault("jwks", "has one for encryption alone", changed=lambda found: {"keys": found["keys"][-1:]}),
        Fault("jwks", "has too many", changed=lambda found: {"keys": found["keys"] * 20}),
        Fault("jwks", "has a secret one", changed=lambda found: {"keys": [{**found["keys"][0], "d": "AQAB"}]}),
        Fault("jwks", "has a shared one", changed=lambda found: {"keys": [{**found["keys"][0], "alg": "HS256"}]}),
        Fault("jwks", "has no number", changed=lambda found: {"keys": [{**found["keys"][0], "n": "!"}]}),
        Fault("jwks", "is huge", changed=lambda found: {**found, "more": "x" * 300_000}),
    ],
    ids=str,
)
async def test_what_is_no_set_of_keys_is_none(door: Door, issuer: OidcIssuer, ann: User, fault: Fault) -> None:
    with issuer.wrong(fault), pytest.raises(Unavailable):
        await door.knock(issuer.access_token(ann))
    await door.lets_in(issuer.access_token(ann))


async def test_no_token_stays_in_memory(door: Door, issuer: OidcIssuer, ann: User) -> None:
    token = issuer.access_token(ann)
    await door.lets_in(token)
    assert token not in repr(vars(door._authenticator))
    issuer.clock.advance(minutes=6)
    await door.lets_in(issuer.access_token(ann))
    assert len(door._authenticator._verified) == 1, "those whose time is over go"


def _part(header: dict[str, Any]) -> str:
    return _text(json.dumps(header).encode())


def _text(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
