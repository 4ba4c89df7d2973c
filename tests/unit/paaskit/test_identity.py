"""Verification of `x-paas-identity`: what is accepted, and everything that must not be.

Covers: claims and their bounds, other algorithms (alg none, HS256 with the public key: CVE-2026-48526), look-alike
issuers and audiences (CVE-2024-53861), foreign headers, floods of unknown key ids, keys fetched once. Leaves out
signing (tests/unit/tokens) and the gate.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from paaskit.errors import PaasError, Unauthenticated, Unavailable
from paaskit.identity import AUDIENCE, ISSUER, Identity, IdentityVerifier, ProviderSession, StoredToken, claims_of
from tests.fakes.clock import FakeClock

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()


class Keys:
    """A key source that counts, and can be away or slow."""

    def __init__(self) -> None:
        self.fetches = 0
        self.away = False
        self.keys: Mapping[str, Ed25519PublicKey] = {"k1": PUBLIC}

    async def __call__(self) -> Mapping[str, Ed25519PublicKey]:
        self.fetches += 1
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("tokens is away")
        return self.keys


class Bench:
    """A verifier with a clock and a key source of its own."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.keys = Keys()
        self.verifier = IdentityVerifier(self.keys, clock=self.clock)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good identity; a change of None leaves the claim out."""
        identity = Identity(
            tenant="acme",
            subject="user:ada@example.com",
            kind="user",
            permissions=frozenset({"apps.read"}),
            apps=None,
            origin=StoredToken(token_id="t1"),
            client_address="203.0.113.9",
            ends_at=self.clock() + timedelta(seconds=30),
            expires_at=self.clock() + timedelta(seconds=30),
        )
        claims = claims_of(identity, issued_at=self.clock()) | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, headers: dict[str, Any] | None = None, key: Any = KEY, **changes: Any) -> str:
        """A signed identity."""
        return jwt.encode(self.claims(**changes), key, algorithm="EdDSA", headers={"kid": "k1"} | (headers or {}))

    async def refuses(self, token: str) -> None:
        """Check that a token is refused, in words that are always the same."""
        with pytest.raises(Unauthenticated) as caught:
            await self.verifier.verify(token)
        assert caught.value.message.startswith("You are not signed in")
        assert caught.value.__cause__ is None


@pytest.fixture
def bench() -> Bench:
    """A bench of its own for each test."""
    return Bench()


def _part(value: Any) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


async def test_a_good_one_is_accepted_and_read_back(bench: Bench) -> None:
    identity = await bench.verifier.verify(bench.token(app={"web": "a1"}))
    assert (identity.tenant, identity.subject, identity.apps) == (
        "acme",
        "user:ada@example.com",
        frozenset({("web", "a1")}),
    )
    assert identity.permissions == {"apps.read"}


async def test_one_of_before_makers_were_told_has_none(bench: Bench) -> None:
    for maker in (None, "user:ada@example.com"):
        identity = await bench.verifier.verify(bench.token(mkr=maker))
        assert identity.maker == (maker or "")


async def test_an_empty_scope_is_no_app_and_not_all(bench: Bench) -> None:
    identity = await bench.verifier.verify(bench.token(app={}))
    assert not identity.may_touch("web")
    assert (identity.app_ids, identity.bound_id("web")) == (frozenset(), "")


async def test_no_scope_is_every_app(bench: Bench) -> None:
    identity = await bench.verifier.verify(bench.token())
    assert identity.may_touch("web")
    assert (identity.apps, identity.app_ids, identity.bound_id("web")) == (None, None, None)


async def test_a_sign_in_elsewhere_is_told_from_a_token_that_is_kept(bench: Bench) -> None:
    kept = await bench.verifier.verify(bench.token())
    elsewhere = await bench.verifier.verify(bench.token(tid=None, ses="s1", per="p1"))
    assert (kept.origin, kept.origin.credential) == (StoredToken(token_id="t1"), "t1")
    assert (elsewhere.origin, elsewhere.origin.credential) == (
        ProviderSession(session_id="s1", person_id="p1"),
        "session:s1",
    )
    await bench.refuses(bench.token(tid=None, ses="s1"))
    await bench.refuses(bench.token(tid=None, per="p1"))


async def test_when_the_credential_ends_is_told_and_was_not_always(bench: Bench) -> None:
    ends_at = int(bench.clock().timestamp()) + 3600
    assert (await bench.verifier.verify(bench.token(end=ends_at))).ends_at == datetime.fromtimestamp(ends_at, UTC)
    before = await bench.verifier.verify(bench.token(end=None))
    assert before.ends_at == before.expires_at


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "sub", "ten", "knd", "prm", "tid", "cip"])
async def test_every_claim_is_needed(bench: Bench, claim: str) -> None:
    await bench.refuses(bench.token(**{claim: None}))


@pytest.mark.parametrize("issuer", ["paas-token", "paas-tokens2", "paas", "xpaas-tokens", "", "PAAS-TOKENS"])
async def test_only_our_issuer(bench: Bench, issuer: Any) -> None:
    assert issuer != ISSUER
    await bench.refuses(bench.token(iss=issuer))


@pytest.mark.parametrize("audience", ["paas-service", "paas-services2", "xpaas-services", "", "paas", ["other"], []])
async def test_only_our_audience(bench: Bench, audience: Any) -> None:
    assert audience != AUDIENCE
    await bench.refuses(bench.token(aud=audience))


@pytest.mark.parametrize(
    "changes",
    [
        {"ten": ""},
        {"exp": "soon"},
        {"exp": 10**30},
        {"exp": -1},
        {"exp": 1e400},
        {"iat": "now"},
        {"prm": 7},
        {"app": 7},
        {"app": ["web"]},
        {"app": {"web": ["a1"]}},
        {"sub": 7},
    ],
    ids=str,
)
async def test_claims_of_the_wrong_kind(bench: Bench, changes: dict[str, Any]) -> None:
    await bench.refuses(bench.token(**changes))


@pytest.mark.parametrize("seconds", [0, -1, -3600, 66, 3600, 10**9])
async def test_its_end_is_near_and_not_over(bench: Bench, seconds: int) -> None:
    await bench.refuses(bench.token(exp=int(bench.clock().timestamp()) + seconds))


async def test_it_is_not_of_the_future(bench: Bench) -> None:
    await bench.refuses(bench.token(iat=int(bench.clock().timestamp()) + 30))


async def test_one_that_was_accepted_ends_on_time(bench: Bench) -> None:
    """CVE-2021-32923: a cached identity never outlives its end."""
    token = bench.token()
    await bench.verifier.verify(token)
    bench.clock.advance(seconds=29)
    await bench.verifier.verify(token)
    bench.clock.advance(seconds=1)
    await bench.refuses(token)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
async def test_unsigned(bench: Bench, algorithm: str) -> None:
    body = _part({"alg": algorithm, "kid": "k1", "typ": "JWT"}) + b"." + _part(bench.claims())
    for signature in (b"", b"AAAA"):
        await bench.refuses((body + b"." + signature).decode())


_FORMS = {
    "PEM": PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "DER": PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "raw": PUBLIC.public_bytes(Encoding.Raw, PublicFormat.Raw),
    "OpenSSH": PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "JWK": json.dumps(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64.urlsafe_b64encode(PUBLIC.public_bytes(Encoding.Raw, PublicFormat.Raw)).rstrip(b"=").decode(),
        }
    ).encode(),
}


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("digest", ["256", "384", "512"])
async def test_a_mac_with_the_public_key_as_its_secret(bench: Bench, form: str, digest: str) -> None:
    for header in ({"alg": f"HS{digest}", "kid": "k1", "typ": "JWT"}, {"alg": "EdDSA", "kid": "k1", "typ": "JWT"}):
        body = _part(header) + b"." + _part(bench.claims())
        mac = hmac.new(_FORMS[form], body, getattr(hashlib, f"sha{digest}")).digest()
        await bench.refuses((body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode())


@pytest.mark.parametrize(
    "headers",
    [
        {"crit": ["exp"]},
        {"jku": "https://keys.example.com"},
        {"x5u": "https://keys.example.com"},
        {"x5c": ["AAAA"]},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}},
        {"b64": False},
        {"zip": "DEF"},
        {"kid": "k2"},
        {"kid": ""},
        {"kid": "../k1"},
    ],
    ids=str,
)
async def test_headers_that_are_not_ours(bench: Bench, headers: dict[str, Any]) -> None:
    await bench.refuses(bench.token(headers=headers))


async def test_another_key_under_our_key_id(bench: Bench) -> None:
    await bench.refuses(bench.token(key=Ed25519PrivateKey.generate()))


async def test_any_byte_changed(bench: Bench) -> None:
    token = bench.token()
    await bench.verifier.verify(token)
    for place in range(0, len(token), 3):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        try:
            await bench.verifier.verify(changed)
        except Unauthenticated:
            continue
        # The last character of base64 may hold bits that mean nothing.
        assert place == len(token) - 1, place


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b.c", "é.é.é", "e30.e30.", "A" * 100_000, "\0", "null.null.null", "e30.e30.e30.e30"],
)
async def test_text_that_is_no_token(bench: Bench, token: str) -> None:
    await bench.refuses(token)
    assert bench.keys.fetches <= 1


async def test_padding_and_duplicate_keys(bench: Bench) -> None:
    await bench.refuses(bench.token() + "==")
    header = base64.urlsafe_b64encode(b'{"alg":"EdDSA","kid":"k1","typ":"JWT"}').rstrip(b"=")
    claims = json.dumps(bench.claims())[:-1].encode() + b',"exp":99999999999}'
    body = header + b"." + base64.urlsafe_b64encode(claims).rstrip(b"=")
    await bench.refuses((body + b"." + base64.urlsafe_b64encode(KEY.sign(body)).rstrip(b"=")).decode())


@pytest.mark.parametrize("claim", ["ten", "sub", "exp"])
async def test_a_claim_is_said_once_even_by_ourselves(bench: Bench, claim: str) -> None:
    """Also where both say the same, and whichever of them a parser would take is good."""
    header = base64.urlsafe_b64encode(b'{"alg":"EdDSA","kid":"k1","typ":"JWT"}').rstrip(b"=")
    claims = json.dumps(bench.claims())[:-1].encode() + b"," + json.dumps({claim: bench.claims()[claim]}).encode()[1:]
    body = header + b"." + base64.urlsafe_b64encode(claims).rstrip(b"=")
    await bench.refuses((body + b"." + base64.urlsafe_b64encode(KEY.sign(body)).rstrip(b"=")).decode())


async def test_ten_thousand_unknown_key_ids_are_few_fetches(bench: Bench) -> None:
    for number in range(10_000):
        if number % 2_000 == 0:
            bench.clock.advance(seconds=10)
        with pytest.raises(Unauthenticated):
            await bench.verifier.verify(bench.token(headers={"kid": f"unknown-{number}"}))
    assert 1 <= bench.keys.fetches <= 6


async def test_many_at_once_share_one_fetch_and_all_get_in(bench: Bench) -> None:
    tokens = [bench.token(tid=f"t{number}") for number in range(50)]
    identities = await asyncio.gather(*(bench.verifier.verify(token) for token in tokens))
    assert len(identities) == 50
    assert bench.keys.fetches == 1


async def test_one_who_goes_away_does_not_take_the_fetch_along(bench: Bench) -> None:
    first = asyncio.ensure_future(bench.verifier.verify(bench.token(tid="first")))
    second = asyncio.ensure_future(bench.verifier.verify(bench.token(tid="second")))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).origin.credential == "second"


async def test_a_new_key_is_found_and_an_old_one_kept_while_tokens_is_away(bench: Bench) -> None:
    await bench.verifier.verify(bench.token())
    rotated = Ed25519PrivateKey.generate()
    bench.keys.keys = {"k1": PUBLIC, "k2": rotated.public_key()}
    bench.clock.advance(seconds=11)
    await bench.verifier.verify(bench.token(key=rotated, headers={"kid": "k2"}))
    bench.keys.away = True
    bench.clock.advance(seconds=11)
    await bench.refuses(bench.token(headers={"kid": "k3"}))
    await bench.verifier.verify(bench.token())


async def test_without_any_key_it_is_unavailable_and_not_refused(bench: Bench) -> None:
    bench.keys.away = True
    for _ in range(2):
        with pytest.raises(PaasError) as caught:
            await bench.verifier.verify(bench.token())
        assert isinstance(caught.value, Unavailable)
    bench.keys.away = False
    await bench.verifier.verify(bench.token())


async def test_the_cache_does_not_grow_without_end(bench: Bench) -> None:
    for number in range(5_000):
        await bench.verifier.verify(bench.token(tid=f"t{number}"))
    assert len(bench.verifier._verified) <= 4096


async def test_identities_of_a_thousand_tenants_are_forgotten_once_they_have_ended(bench: Bench) -> None:
    for number in range(1_000):
        await bench.verifier.verify(bench.token(ten=f"tenant-{number}"))
    assert len(bench.verifier._verified) == 1_000
    bench.clock.advance(seconds=120)
    await bench.verifier.verify(bench.token())
    assert len(bench.verifier._verified) == 1
