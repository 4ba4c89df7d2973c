"""Signing in, staying signed in and being signed out, over the issuer's endpoints, as the command line does it.

Leaves out people's own pages, which are Keycloak's, and what a fake alone can do: lie, be slow, move the clock.
"""

import base64
import hashlib
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from tests.fixtures.waiting import PATIENCE
from tests.keycloak.web import Answer
from tests.unit.oidc_issuer.contract.ground import CLIENT, REDIRECT, Document, Ground, Program, Someone

VERIFIER = "a-verifier-of-a-test-that-is-long-enough-to-be-one"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
PROVEN = {"code_verifier": VERIFIER}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
STATE = "a-state"


@pytest.fixture
def program(ground: Ground) -> Program:
    return Program(ground)


def _page(program: Program, **changes: str) -> str:
    fields = {"client_id": CLIENT, "response_type": "code", "scope": "openid", "redirect_uri": REDIRECT, "state": STATE}
    return f"{program.told['authorization_endpoint']}?{urlencode({**fields, **ASKED, **changes})}"


def _parameters(came_back_to: str) -> dict[str, str]:
    assert came_back_to.startswith(f"{REDIRECT}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(came_back_to).query).items()}


def _redeem(program: Program, code: str, **changes: str) -> Answer:
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **PROVEN}
    return program.ask("token_endpoint", **{**fields, **changes})


def _sign_in(program: Program, someone: Someone) -> Document:
    code = _parameters(program.ground.browse(_page(program), someone))["code"]
    answer = _redeem(program, code)
    assert answer.status == 200
    found = answer.document
    assert isinstance(found, dict)
    return found


def _refresh(program: Program, granted: Document) -> Answer:
    return program.ask("token_endpoint", grant_type="refresh_token", refresh_token=granted["refresh_token"])


def _poll(program: Program, device: Document, **proof: str) -> Answer:
    """Ask until there is another answer than to wait, no more often than the issuer wants."""
    deadline = time.monotonic() + PATIENCE
    while True:
        fields = {"grant_type": DEVICE, "device_code": device["device_code"], **(proof or PROVEN)}
        answer = program.ask("token_endpoint", **fields)
        if answer.error not in ("authorization_pending", "slow_down") or time.monotonic() > deadline:
            return answer
        time.sleep(device["interval"])


def test_it_tells_where_everything_is(program: Program) -> None:
    assert program.told["issuer"] == program.ground.issuer
    assert "S256" in program.told["code_challenge_methods_supported"]
    assert program.told["authorization_response_iss_parameter_supported"] is True
    for name in ("authorization", "token", "device_authorization", "end_session", "revocation"):
        assert program.told[f"{name}_endpoint"].startswith(program.ground.issuer)


def test_an_access_token_has_these_claims(program: Program) -> None:
    someone = program.ground.welcome("developer")
    granted = _sign_in(program, someone)
    claims = program.verified(granted["access_token"])
    assert jwt.get_unverified_header(granted["access_token"]).keys() == {"alg", "typ", "kid"}
    assert (
        claims
        | {
            "aud": "paas-api",
            "azp": CLIENT,
            "typ": "Bearer",
            "sub": someone.subject,
            "preferred_username": someone.name,
            "tenant": "acme",
            "roles": ["developer"],
            "scope": "openid",
            "exp": claims["iat"] + 300,
        }
        == claims
    )
    assert {"sid", "jti", "auth_time"} <= claims.keys()
    assert granted["token_type"] == "Bearer"
    # What is left of it when the answer is made.
    assert 300 - PATIENCE <= granted["expires_in"] <= 300


def test_an_id_token_is_for_the_client(program: Program) -> None:
    granted = _sign_in(program, program.ground.welcome("viewer"))
    claims = program.verified(granted["id_token"], audience=CLIENT)
    assert (claims["aud"], claims["typ"]) == (CLIENT, "ID")
    kids = {jwt.get_unverified_header(granted[name])["kid"] for name in ("id_token", "access_token")}
    assert len(kids) == 1


def test_whoever_has_no_role_has_no_such_claim(program: Program) -> None:
    claims = program.verified(_sign_in(program, program.ground.welcome())["access_token"])
    assert "roles" not in claims


def test_a_device_is_let_in_once_they_agreed(program: Program) -> None:
    device = program.ask("device_authorization_endpoint", scope="openid", **ASKED).document
    someone = program.ground.welcome("admin")
    first = program.ask("token_endpoint", grant_type=DEVICE, device_code=device["device_code"], **PROVEN)
    assert first.error == "authorization_pending"
    program.ground.approve(device, someone)
    answer = _poll(program, device)
    assert program.verified(answer.document["access_token"])["sub"] == someone.subject
    assert _poll(program, device).error == "invalid_grant"


def test_a_device_that_polls_too_soon_is_told_so(program: Program) -> None:
    device = program.ask("device_authorization_endpoint", scope="openid", **ASKED).document
    fields = {"grant_type": DEVICE, "device_code": device["device_code"], **PROVEN}
    answers = [program.ask("token_endpoint", **fields).error for _ in range(20)]
    assert set(answers) <= {"authorization_pending", "slow_down"}
    assert "slow_down" in answers


def test_a_device_is_refused_where_they_say_no(program: Program) -> None:
    device = program.ask("device_authorization_endpoint", scope="openid", **ASKED).document
    program.ground.deny(device, program.ground.welcome("admin"))
    assert _poll(program, device).error == "access_denied"


def test_a_device_proves_that_it_asked(program: Program) -> None:
    assert program.ask("device_authorization_endpoint", scope="openid").error == "invalid_request"
    device = program.ask("device_authorization_endpoint", scope="openid", **ASKED).document
    program.ground.approve(device, program.ground.welcome("admin"))
    assert _poll(program, device, code_verifier=VERIFIER[::-1]).error == "invalid_grant"


def test_a_browser_comes_back_with_a_code_that_is_good_once(program: Program) -> None:
    came_back = _parameters(program.ground.browse(_page(program), program.ground.welcome("viewer")))
    assert (came_back["state"], came_back["iss"]) == (STATE, program.ground.issuer)
    assert _redeem(program, came_back["code"]).status == 200
    assert _redeem(program, came_back["code"]).error == "invalid_grant"


@pytest.mark.parametrize("changed", [{"code_verifier": VERIFIER[::-1]}, {"redirect_uri": f"{REDIRECT}/other"}])
def test_a_code_alone_is_worth_nothing(program: Program, changed: dict[str, str]) -> None:
    code = _parameters(program.ground.browse(_page(program), program.ground.welcome("viewer")))["code"]
    assert _redeem(program, code, **changed).error == "invalid_grant"


def test_a_browser_without_a_challenge_comes_back_with_an_error(program: Program) -> None:
    came_back = program.ground.browse(_page(program, code_challenge_method=""), program.ground.welcome("viewer"))
    found = _parameters(came_back)
    assert (found["error"], found["state"]) == ("invalid_request", STATE)
    assert "code" not in found


def test_a_refresh_token_is_good_once(program: Program) -> None:
    first = _sign_in(program, program.ground.welcome("viewer"))
    second = _refresh(program, first).document
    sessions = {program.verified(each["access_token"])["sid"] for each in (first, second)}
    assert len(sessions) == 1
    assert _refresh(program, first).error == "invalid_grant"


def test_a_second_use_of_a_refresh_token_ends_the_session(program: Program) -> None:
    """RFC 9700, section 4.14.2: one of the two who used it is somebody else."""
    first = _sign_in(program, program.ground.welcome("viewer"))
    second = _refresh(program, first).document
    assert _refresh(program, first).error == "invalid_grant"
    assert _refresh(program, second).error == "invalid_grant"


def test_the_next_token_says_what_they_may_do_now(program: Program) -> None:
    someone = program.ground.welcome("developer")
    granted = _sign_in(program, someone)
    program.ground.set_roles(someone, "viewer")
    assert program.verified(_refresh(program, granted).document["access_token"])["roles"] == ["viewer"]


def test_who_is_disabled_gets_no_next_token(program: Program) -> None:
    someone = program.ground.welcome("developer")
    granted = _sign_in(program, someone)
    program.ground.disable(someone)
    assert _refresh(program, granted).error == "invalid_grant"


@pytest.mark.parametrize(
    ("endpoint", "name", "status"), [("end_session", "refresh_token", 204), ("revocation", "token", 200)]
)
def test_a_session_that_was_ended_gives_no_next_token(program: Program, endpoint: str, name: str, status: int) -> None:
    granted = _sign_in(program, program.ground.welcome("viewer"))
    assert program.ask(f"{endpoint}_endpoint", **{name: granted["refresh_token"]}).status == status
    assert _refresh(program, granted).error == "invalid_grant"


def test_a_new_key_signs_and_the_one_before_verifies(program: Program) -> None:
    someone = program.ground.welcome("viewer")
    before = _sign_in(program, someone)["access_token"]
    program.ground.rotate_keys()
    after = _sign_in(program, someone)["access_token"]
    kids = [jwt.get_unverified_header(each)["kid"] for each in (before, after)]
    assert len(set(kids)) == 2
    for token in (before, after):
        program.verified(token)


def test_keys_that_verify_say_so(program: Program) -> None:
    keys = program.ground.web.get(program.told["jwks_uri"]).document["keys"]
    assert [key for key in keys if (key["use"], key["alg"], key["kty"]) == ("sig", "RS256", "RSA")]
