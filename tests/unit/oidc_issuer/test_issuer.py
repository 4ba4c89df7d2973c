"""The fake issuer over its socket: the tokens it gives, what it refuses, and what a test can do to it.

What a real Keycloak does as well is in `contract`. What programs make of its answers is tested with them.
"""

import base64
import hashlib
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.fakes.oidc_issuer import Fault, OidcIssuer, User

VERIFIER = "a-verifier-that-is-long-enough-for-rfc-7636-to-take-it"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
Asked = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[OidcIssuer]:
    with OidcIssuer(tmp_path / "issuer") as issuer:
        yield issuer


@pytest.fixture
def ann(issuer: OidcIssuer) -> User:
    return issuer.add_user("ann", tenant="acme", roles=("admin",))


@pytest.fixture
def ask(issuer: OidcIssuer) -> Asked:
    """Ask an endpoint, with a form where one is given; the status and the document."""
    context = ssl.create_default_context(cafile=str(issuer.ca_file))

    def asked(path: str, **form: str) -> tuple[int, dict[str, Any]]:
        body = urllib.parse.urlencode({"client_id": "paas-cli", **form}).encode() if form else None
        try:
            with urllib.request.urlopen(issuer.url + path, body, context=context) as answer:  # noqa: S310 - https, as the issuer is
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    return asked


def verified(issuer: OidcIssuer, ask: Asked, token: str) -> dict[str, Any]:
    """The claims of an access token, as one verifies who has only the issuer's documents."""
    _, keys = ask("/certs")
    key = next(key for key in keys["keys"] if key["kid"] == jwt.get_unverified_header(token)["kid"])
    claims: dict[str, Any] = jwt.decode(
        token, jwt.PyJWK(key).key, algorithms=["RS256"], audience="paas-api", issuer=issuer.url, leeway=60
    )
    return claims


def test_an_access_token_says_what_keycloaks_says(issuer: OidcIssuer, ask: Asked, ann: User) -> None:
    token = issuer.access_token(ann)
    header = jwt.get_unverified_header(token)
    claims = verified(issuer, ask, token)
    assert header == {"alg": "RS256", "typ": "JWT", "kid": issuer.keys.newest.kid}
    assert claims["exp"] - claims["iat"] == 300
    assert {"iss", "aud", "azp", "sub", "typ", "sid", "exp", "iat", "jti", "tenant", "roles", "email"} <= set(claims)
    assert (claims["typ"], claims["azp"], claims["tenant"], claims["roles"]) == (
        "Bearer",
        "paas-cli",
        "acme",
        ["admin"],
    )


def test_a_token_can_be_bent_in_one_place(issuer: OidcIssuer, ann: User) -> None:
    token = issuer.access_token(ann, claims={"aud": "other"}, without=("exp",), header={"kid": "none"})
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == "other"
    assert "exp" not in claims
    assert jwt.get_unverified_header(token)["kid"] == "none"


def test_keys_are_replaced(issuer: OidcIssuer, ask: Asked, ann: User) -> None:
    before = issuer.access_token(ann)
    issuer.keys.rotate()
    assert verified(issuer, ask, before)
    assert verified(issuer, ask, issuer.access_token(ann))
    issuer.keys.rotate(keep_old=False)
    with pytest.raises(StopIteration):
        verified(issuer, ask, before)


def test_a_device_is_let_in_once_somebody_agreed(issuer: OidcIssuer, ask: Asked, ann: User) -> None:
    issuer.realm.interval = 50  # seconds, so that the second try is too early however long it takes
    _, begun = ask("/auth/device", scope="openid", **ASKED)
    poll = {"grant_type": DEVICE, "device_code": begun["device_code"], "code_verifier": VERIFIER}
    assert ask("/token", **poll)[1]["error"] == "authorization_pending"
    assert ask("/token", **poll)[1]["error"] == "slow_down"
    issuer.approve(begun["user_code"], ann)
    issuer.clock.advance(seconds=begun["interval"])
    status, answer = ask("/token", **poll)
    assert (status, answer["expires_in"]) == (200, 300)
    assert verified(issuer, ask, answer["access_token"])["sub"] == ann.subject
    assert ask("/token", **poll)[1]["error"] == "invalid_grant"


def test_a_device_is_refused_or_too_late(issuer: OidcIssuer, ask: Asked) -> None:
    _, denied = ask("/auth/device", scope="openid", **ASKED)
    issuer.deny(denied["user_code"])
    assert ask("/token", grant_type=DEVICE, device_code=denied["device_code"])[1]["error"] == "access_denied"
    _, late = ask("/auth/device", scope="openid", **ASKED)
    issuer.clock.advance(minutes=10)
    assert ask("/token", grant_type=DEVICE, device_code=late["device_code"])[1]["error"] == "expired_token"


def test_a_refresh_token_is_good_once_and_its_second_use_ends_the_session(
    issuer: OidcIssuer, ask: Asked, ann: User
) -> None:
    first = issuer.grant(ann).refresh_token
    status, second = ask("/token", grant_type="refresh_token", refresh_token=first)
    assert status == 200
    assert ask("/token", grant_type="refresh_token", refresh_token=first)[1]["error"] == "invalid_grant"
    assert ask("/token", grant_type="refresh_token", refresh_token=second["refresh_token"])[0] == 400


def test_a_refreshed_token_says_what_somebody_may_do_now(issuer: OidcIssuer, ask: Asked, ann: User) -> None:
    first = issuer.grant(ann).refresh_token
    ann.roles = ("viewer",)
    _, second = ask("/token", grant_type="refresh_token", refresh_token=first)
    assert verified(issuer, ask, second["access_token"])["roles"] == ["viewer"]
    ann.is_enabled = False
    status, refused = ask("/token", grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert (status, refused["error"]) == (400, "invalid_grant")


def test_a_session_that_was_ended_refreshes_nothing(issuer: OidcIssuer, ask: Asked, ann: User) -> None:
    token = issuer.grant(ann).refresh_token
    assert ask("/logout", refresh_token=token)[0] == 204
    assert ask("/token", grant_type="refresh_token", refresh_token=token)[1]["error"] == "invalid_grant"


def test_a_program_signs_in_for_itself(issuer: OidcIssuer, ask: Asked) -> None:
    issuer.add_robot("paas-robot")
    form = {"grant_type": "client_credentials", "client_id": "paas-robot"}
    assert ask("/token", **form, client_secret="wrong")[0] == 401
    _, answer = ask("/token", **form, client_secret="robot-secret")
    assert "sid" not in verified(issuer, ask, answer["access_token"])
    assert "refresh_token" not in answer


def test_a_fault_lasts_as_long_as_it_is_wanted(issuer: OidcIssuer, ask: Asked) -> None:
    lie = Fault("discovery", "names another issuer", changed=lambda document: {**document, "issuer": "https://other"})
    with issuer.wrong(lie):
        assert ask("/.well-known/openid-configuration")[1]["issuer"] == "https://other"
    assert ask("/.well-known/openid-configuration")[1]["issuer"] == issuer.url
    with issuer.wrong(Fault("token", "is slow", error="slow_down", times=1)):
        assert ask("/token", grant_type="x")[1]["error"] == "slow_down"
        assert ask("/token", grant_type="x")[1]["error"] == "unsupported_grant_type"
