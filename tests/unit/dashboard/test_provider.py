"""Which ID tokens are for this client. Leaves out signatures and nonces, which Authlib verifies (tests/keycloak)."""

import pytest

from dashboard.sign_in.provider import is_for

ISSUER, CLIENT = "https://sso.example.com/realms/paas", "paas-dashboard"


@pytest.mark.parametrize("audience", [CLIENT, [CLIENT], ["another", CLIENT]])
def test_ours_is(audience: object) -> None:
    assert is_for({"iss": ISSUER, "aud": audience}, issuer=ISSUER, client_id=CLIENT)


@pytest.mark.parametrize("audience", [None, "", "another", ["another"], [], f"{CLIENT}-2", 7, {CLIENT: 1}])
def test_one_for_another_is_not_even_if_we_asked_for_it(audience: object) -> None:
    assert not is_for({"iss": ISSUER, "aud": audience, "azp": CLIENT}, issuer=ISSUER, client_id=CLIENT)


@pytest.mark.parametrize("issuer", [None, "", f"{ISSUER}/", "https://evil.example"])
def test_another_provider_s_is_not(issuer: object) -> None:
    assert not is_for({"iss": issuer, "aud": CLIENT}, issuer=ISSUER, client_id=CLIENT)
