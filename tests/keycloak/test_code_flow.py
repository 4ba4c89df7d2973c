"""A person signs in with a browser that comes back with a code, which is good with its proof alone (RFC 7636)."""

from dataclasses import replace

import pytest

from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import CLI, DASHBOARD
from tests.keycloak.sign_in.code import CodeSignIn
from tests.keycloak.sign_in.grants import Refused, refresh
from tests.keycloak.sign_in.pkce import Proof
from tests.keycloak.sign_in.visitor import SignInRefused, Visitor
from tests.keycloak.verification import verified_claims

_ERROR = "login-error"


def _command_line(keycloak: Keycloak, port: int = 49152) -> CodeSignIn:
    return CodeSignIn(keycloak, CLI, f"http://127.0.0.1:{port}/callback")


def _dashboard(keycloak: Keycloak, secret: str) -> CodeSignIn:
    return CodeSignIn(keycloak, DASHBOARD, "http://127.0.0.1:7301/runtime/dashboard/callback", secret)


def _came_back(keycloak: Keycloak, began: CodeSignIn, visitor: Visitor, name: str) -> str:
    found = visitor.sign_in(visitor.open(began.page()), name, keycloak.password(name))
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("port", [49152, 1024])
def test_a_person_signs_in_to_the_command_line(keycloak: Keycloak, visitor: Visitor, port: int) -> None:
    """On any port: the one it listens on is known when it listens (RFC 8252, section 7.3)."""
    began = _command_line(keycloak, port)
    tokens = began.redeem(began.code_in(_came_back(keycloak, began, visitor, "ann")))
    claims = verified_claims(keycloak, tokens.access)
    assert (claims["azp"], claims["preferred_username"], claims["roles"]) == (CLI, "ann", ["admin"])
    assert tokens.identity is not None
    assert verified_claims(keycloak, tokens.identity, audience=CLI)["nonce"] == began.nonce


def test_a_person_signs_in_to_the_dashboard(keycloak: Keycloak, visitor: Visitor) -> None:
    secret = keycloak.secret(DASHBOARD)
    began = _dashboard(keycloak, secret)
    tokens = began.redeem(began.code_in(_came_back(keycloak, began, visitor, "vic")))
    assert verified_claims(keycloak, tokens.access)["tenant"] == "other"
    newer = refresh(keycloak, tokens, client=DASHBOARD, secret=secret)
    assert verified_claims(keycloak, newer.access)["azp"] == DASHBOARD


def test_the_dashboard_needs_its_secret(keycloak: Keycloak, visitor: Visitor) -> None:
    began = _dashboard(keycloak, "a guess")
    code = began.code_in(_came_back(keycloak, began, visitor, "vic"))
    with pytest.raises(Refused, match="unauthorized_client"):
        began.redeem(code)


def test_a_code_is_good_once(keycloak: Keycloak, visitor: Visitor) -> None:
    began = _command_line(keycloak)
    code = began.code_in(_came_back(keycloak, began, visitor, "bob"))
    tokens = began.redeem(code)
    with pytest.raises(Refused, match="invalid_grant"):
        began.redeem(code)
    # Somebody else had the code, so what was given for it ends (RFC 6749, section 4.1.2).
    with pytest.raises(Refused, match="invalid_grant"):
        refresh(keycloak, tokens, client=CLI)


def test_a_code_alone_is_worth_nothing(keycloak: Keycloak, visitor: Visitor) -> None:
    began = _command_line(keycloak)
    code = began.code_in(_came_back(keycloak, began, visitor, "bob"))
    with pytest.raises(Refused, match="invalid_grant"):
        began.redeem(code, proof=Proof())


@pytest.mark.parametrize("client", [CLI, DASHBOARD])
def test_a_sign_in_without_a_challenge_is_refused(keycloak: Keycloak, visitor: Visitor, client: str) -> None:
    began = _command_line(keycloak) if client == CLI else _dashboard(keycloak, keycloak.secret(DASHBOARD))
    came_back = visitor.open(began.page(proven=False))
    assert isinstance(came_back, str)
    with pytest.raises(Refused, match="invalid_request"):
        began.code_in(came_back)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://127.0.0.1:49152/callback",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:49152/callback/../other",
        "http://127.0.0.1:49152/callback?more=1",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://evil.example/callback",
        "http://localhost:49152/callback",
    ],
)
def test_nobody_is_sent_elsewhere_with_a_code(keycloak: Keycloak, visitor: Visitor, elsewhere: str) -> None:
    page = visitor.open(replace(_command_line(keycloak), redirect_uri=elsewhere).page())
    assert not isinstance(page, str)
    assert page.name == _ERROR


def test_whoever_is_signed_in_already_is_not_asked_again(keycloak: Keycloak, visitor: Visitor) -> None:
    _came_back(keycloak, _command_line(keycloak), visitor, "cyd")
    again = _command_line(keycloak)
    came_back = visitor.open(again.page())
    assert isinstance(came_back, str)
    tokens = again.redeem(again.code_in(came_back))
    assert verified_claims(keycloak, tokens.access)["preferred_username"] == "cyd"


def test_a_wrong_password_is_no_code(keycloak: Keycloak, visitor: Visitor) -> None:
    with pytest.raises(SignInRefused, match="Invalid username or password"):
        visitor.sign_in(visitor.open(_command_line(keycloak).page()), "ann", keycloak.password("bob"))
