"""A person signs in on another device (RFC 8628), at Keycloak's own pages, to the end or not."""

from dataclasses import replace

import pytest

from tests.keycloak.conftest import Welcome
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import CLI, DASHBOARD
from tests.keycloak.sign_in.device import DONE, DeviceSignIn, approve
from tests.keycloak.sign_in.grants import Refused
from tests.keycloak.sign_in.pkce import Proof
from tests.keycloak.sign_in.visitor import CONSENT, SignInRefused, Visitor, expect
from tests.keycloak.verification import verified_claims

_ASKS_FOR_CODE = "login-login-oauth2-device-verify-user-code"


def test_a_person_signs_in_and_says_yes(keycloak: Keycloak, visitor: Visitor) -> None:
    began = DeviceSignIn.begin(keycloak)
    with pytest.raises(Refused, match="authorization_pending"):
        began.ask()
    approve(began.page_with_code, visitor, "ann", keycloak.password("ann"))
    claims = verified_claims(keycloak, began.wait().access)
    assert (claims["azp"], claims["preferred_username"], claims["tenant"]) == (CLI, "ann", "acme")
    assert claims["auth_time"] <= claims["iat"]
    # A code is good for one sign-in.
    with pytest.raises(Refused, match="invalid_grant"):
        began.wait()


def test_the_code_may_be_typed_in(keycloak: Keycloak, visitor: Visitor) -> None:
    began = DeviceSignIn.begin(keycloak)
    assert began.page == f"{keycloak.issuer}/device"
    asked = expect(visitor.open(began.page), _ASKS_FOR_CODE)
    consent = visitor.sign_in(visitor.press(asked, device_user_code=began.user_code), "bob", keycloak.password("bob"))
    expect(visitor.press(expect(consent, CONSENT), "accept"), DONE)
    assert verified_claims(keycloak, began.wait().access)["preferred_username"] == "bob"


def test_a_person_says_no(keycloak: Keycloak, visitor: Visitor) -> None:
    began = DeviceSignIn.begin(keycloak)
    consent = visitor.sign_in(visitor.open(began.page_with_code), "ann", keycloak.password("ann"))
    visitor.press(expect(consent, CONSENT), "cancel")
    with pytest.raises(Refused, match="access_denied"):
        began.wait()


def test_a_wrong_password_signs_nobody_in(keycloak: Keycloak, visitor: Visitor) -> None:
    began = DeviceSignIn.begin(keycloak)
    with pytest.raises(SignInRefused, match="Invalid username or password"):
        visitor.sign_in(visitor.open(began.page_with_code), "ann", "not the password")
    with pytest.raises(Refused, match="authorization_pending"):
        began.ask()


def test_a_disabled_person_is_not_signed_in(keycloak: Keycloak, visitor: Visitor, welcome: Welcome) -> None:
    person = welcome("admin")
    keycloak.admin.set_enabled(person.name, enabled=False)
    began = DeviceSignIn.begin(keycloak)
    with pytest.raises(SignInRefused, match="disabled"):
        approve(began.page_with_code, visitor, person.name, person.password)


def test_whoever_saw_the_device_code_alone_gets_nothing(keycloak: Keycloak, visitor: Visitor) -> None:
    began = DeviceSignIn.begin(keycloak)
    approve(began.page_with_code, visitor, "ann", keycloak.password("ann"))
    with pytest.raises(Refused, match="invalid_grant"):
        replace(began, proof=Proof()).wait()


def test_who_asks_without_a_challenge_is_refused(keycloak: Keycloak) -> None:
    answer = keycloak.web.post(f"{keycloak.issuer}/protocol/openid-connect/auth/device", {"client_id": CLI})
    assert answer.error == "invalid_request"


def test_it_is_for_the_command_line_alone(keycloak: Keycloak) -> None:
    with pytest.raises(Refused, match=r"unauthorized_client|invalid_client"):
        DeviceSignIn.begin(keycloak, client=DASHBOARD)
